"""Writes a tiny model of random weights, every other layer with a recurrent state (Jamba's shape)."""

from pathlib import Path

import gguf
import numpy as np
from random_gguf import copy_tokenizer

LAYERS, WIDE, HEADS = 4, 128, 4
INNER, STATE, KERNEL, STEP = 256, 16, 4, 8


def write(path: Path, vocabulary: Path, seed: int = 0) -> None:
    """Write the model, with the tokenizer of another GGUF."""
    draw = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, "jamba")
    writer.add_context_length(2048)
    writer.add_embedding_length(WIDE)
    writer.add_feed_forward_length(2 * WIDE)
    writer.add_block_count(LAYERS)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv([HEADS * (layer % 2) for layer in range(LAYERS)])
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_ssm_conv_kernel(KERNEL)
    writer.add_ssm_inner_size(INNER)
    writer.add_ssm_state_size(STATE)
    writer.add_ssm_time_step_rank(STEP)
    tokens = copy_tokenizer(vocabulary, writer)

    def ones(name: str, *shape: int) -> None:
        writer.add_tensor(name, np.ones(shape, np.float32))

    def random(name: str, *shape: int, scale: float = 0.0) -> None:
        weights = draw.standard_normal(shape) * (scale or shape[-1] ** -0.5)
        writer.add_tensor(name, weights.astype(np.float32))

    random("token_embd.weight", tokens, WIDE, scale=1)
    random("output.weight", tokens, WIDE, scale=0.35)
    ones("output_norm.weight", WIDE)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        ones(block + "attn_norm.weight", WIDE)
        if layer % 2:
            for part in ("q", "k", "v", "output"):
                random(f"{block}attn_{part}.weight", WIDE, WIDE)
        else:
            random(block + "ssm_in.weight", 2 * INNER, WIDE)
            random(block + "ssm_conv1d.weight", INNER, KERNEL)
            random(block + "ssm_conv1d.bias", INNER, scale=0.1)
            random(block + "ssm_x.weight", STEP + 2 * STATE, INNER)
            random(block + "ssm_dt.weight", INNER, STEP)
            random(block + "ssm_dt.bias", INNER, scale=1)
            decay = np.arange(1, STATE + 1, dtype=np.float32)
            writer.add_tensor(block + "ssm_a", -np.tile(decay, (INNER, 1)))
            ones(block + "ssm_d", INNER)
            random(block + "ssm_out.weight", WIDE, INNER)
            ones(block + "ssm_dt_norm.weight", STEP)
            ones(block + "ssm_b_norm.weight", STATE)
            ones(block + "ssm_c_norm.weight", STATE)
        ones(block + "ffn_norm.weight", WIDE)
        random(block + "ffn_gate.weight", 2 * WIDE, WIDE)
        random(block + "ffn_up.weight", 2 * WIDE, WIDE)
        random(block + "ffn_down.weight", WIDE, 2 * WIDE)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
