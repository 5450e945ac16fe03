"""Prompts to texts, by a local GGUF that llama.cpp runs; nothing here knows of topics."""
