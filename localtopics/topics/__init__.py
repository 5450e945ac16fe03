"""Embeddings to topics: neighbours, layouts, clusters, and the words that describe them."""
