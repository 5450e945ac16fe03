"""GGUF model files: what they are, read from their headers alone and checked before llama.cpp sees them."""

from localtopics.gguf.card import ModelCard, fault, read_card, split_parts
from localtopics.gguf.header import TensorInfo

__all__ = ["ModelCard", "TensorInfo", "fault", "read_card", "split_parts"]
