"""A real, tiny GGUF whose answers are known: each token is followed by one that a script names.

One layer whose weights are zero leaves the last token's one-hot embedding as it is, and the output matrix
maps it to the token that comes next. llama.cpp runs it like any other Llama model.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import gguf
import numpy as np

PIECES = ["▁[", "INST", "]", "/", "<<", "SYS", ">>", "</", "-", ",", ":", ".", "▁"]


def scripted_model(
    path: Path,
    follows: Mapping[str, str],
    context: int = 2048,
    metadata: Mapping[str, str | int | float] | None = None,
    chat_template: str | None = None,
    architecture: str = "llama",
) -> Path:
    """Write the model.

    Args:
        path: where to.
        follows: which piece follows which ("▁" is a space, "\\n" a line break, "</s>" the end); after all
            others comes the end. Llama 2's chat format ends with "]".
        context: tokens that the model says it was trained for.
        metadata: keys and values beyond the usual.
        chat_template: of another family than Llama 2.
        architecture: one whose tensors are Llama's, such as "xverse".
    """
    specials = ["<unk>", "<s>", "</s>"]
    pieces = dict.fromkeys([*PIECES, *follows, *follows.values()])
    words = [piece for piece in pieces if piece not in ("\n", "</s>")]
    letters = [letter for letter in dict.fromkeys("".join(words)) if letter not in words]
    tokens = specials + [f"<0x{byte:02X}>" for byte in range(256)] + words + letters
    kinds = gguf.TokenType
    types = [kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL] + [kinds.BYTE] * 256
    types += [kinds.NORMAL] * (len(words) + len(letters))
    scores = [0.0] * (3 + 256) + [float(len(word)) for word in words] + [-1.0] * len(letters)
    number = {token: index for index, token in enumerate(tokens)} | {"\n": 3 + 10}
    width = -(-len(tokens) // 32) * 32
    embeddings = np.zeros((len(tokens), width), np.float32)
    embeddings[range(len(tokens)), range(len(tokens))] = 1
    output = np.zeros((len(tokens), width), np.float32)
    output[number["</s>"], : len(tokens)] = 1
    for piece, following in follows.items():
        output[number[following], number[piece]] = 3
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name("scripted")
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(32)
    writer.add_head_count(1)
    writer.add_head_count_kv(1)
    writer.add_rope_dimension_count(width)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(types)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    if chat_template is not None:
        writer.add_chat_template(chat_template)
    for key, value in (metadata or {}).items():
        if isinstance(value, int):
            writer.add_uint32(key, value)
        elif isinstance(value, float):
            writer.add_float32(key, value)
        else:
            writer.add_string(key, value)
    shapes: Sequence[tuple[str, tuple[int, ...]]] = [
        *((f"blk.0.attn_{name}.weight", (width, width)) for name in ("q", "k", "v", "output")),
        ("blk.0.ffn_gate.weight", (32, width)),
        ("blk.0.ffn_up.weight", (32, width)),
        ("blk.0.ffn_down.weight", (width, 32)),
    ]
    writer.add_tensor("token_embd.weight", embeddings)
    writer.add_tensor("output.weight", output)
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(width, np.float32))
    for name, shape in shapes:
        writer.add_tensor(name, np.zeros(shape, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
