"""GGUF model files: what they are, read from their headers alone and checked before llama.cpp sees them."""

from localtopics.gguf.header import TensorInfo
from localtopics.gguf.info import ModelInfo, fault, read_info, split_parts, unsplit_stem

__all__ = ["ModelInfo", "TensorInfo", "fault", "read_info", "split_parts", "unsplit_stem"]
