"""What a GGUF of ours says before its weights: shape, tokenizer, prompt."""

from dataclasses import asdict

import gguf
from bytepairs import SPECIAL
from recipe import CLOSE, END, PROMPT, SETTINGS, TEMPLATE, Shape

ARCHITECTURE = "qwen2"


def add_shape(writer: gguf.GGUFWriter, shape: Shape) -> None:
    """The hyperparameters that llama.cpp builds its graph from."""
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(shape.norm_epsilon)


def read_shape(reader: gguf.GGUFReader) -> Shape:
    """The shape that a GGUF's metadata tells, and its tensors."""

    def read(key: str) -> float:
        return float(reader.fields[f"{ARCHITECTURE}.{key}"].contents())

    rows = {tensor.name: int(tensor.shape[1]) for tensor in reader.tensors if len(tensor.shape) == 2}
    return Shape(
        layers=int(read("block_count")),
        width=int(read("embedding_length")),
        heads=int(read("attention.head_count")),
        kv_heads=int(read("attention.head_count_kv")),
        feed_forward=int(read("feed_forward_length")),
        vocabulary=rows["token_embd.weight"],
        rope_base=read("rope.freq_base"),
        norm_epsilon=read("attention.layer_norm_rms_epsilon"),
    )


def add_tokenizer(writer: gguf.GGUFWriter, pieces: list[str], merges: list[tuple[str, str]]) -> None:
    """Byte-pair pieces in the order of their ids, and the merges in theirs."""
    kinds = [gguf.TokenType.CONTROL if piece in SPECIAL else gguf.TokenType.NORMAL for piece in pieces]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(pieces)
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(merge) for merge in merges])
    writer.add_bos_token_id(pieces.index(CLOSE))
    writer.add_eos_token_id(pieces.index(END))
    writer.add_pad_token_id(pieces.index(CLOSE))
    writer.add_add_bos_token(False)


def add_prompt(writer: gguf.GGUFWriter) -> None:
    """How the model wants to be asked: the chat template, and what `LlamaLabels` reads."""
    writer.add_chat_template(TEMPLATE)
    writer.add_string("localtopics.prompt.language", "en")
    for name, text in asdict(PROMPT).items():
        writer.add_string(f"localtopics.prompt.{name}", text)
    for name, number in asdict(SETTINGS).items():
        add = writer.add_uint32 if isinstance(number, int) else writer.add_float32
        add(f"localtopics.prompt.{name}", number)


def write(writer: gguf.GGUFWriter) -> None:
    """Write all that was added, and close the file."""
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
