"""Documents to embeddings, by a model that suits the machine; nothing is embedded twice."""

from localtopics.embedding.embedder import Embedder
from localtopics.embedding.model import BUILT_IN_MODEL, DEFAULT_MODEL, EmbeddingModel, choose_model
from localtopics.embedding.ready import checked_embeddings, load_embeddings

__all__ = [
    "BUILT_IN_MODEL",
    "DEFAULT_MODEL",
    "Embedder",
    "EmbeddingModel",
    "checked_embeddings",
    "choose_model",
    "load_embeddings",
]
