"""A plain Llama (Touvron et al. 2023) in PyTorch: RMS norms, rotary positions, SwiGLU, tied embeddings.

Parameter names and shapes are those of a GGUF of architecture `llama`, so that the export is a copy.
"""

from typing import cast

import torch
from recipe import Shape
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention

Mask = BlockMask | Tensor


def causal_within(segments: Tensor, branches: Tensor) -> Mask:
    """A mask by which tokens see the earlier ones of their segment: of its trunk and of their own branch.

    Args:
        segments: int [batch, tokens].
        branches: int [batch, tokens]; 0 is the trunk.
    """

    def visible(batch: Tensor, head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        branch = branches[batch, key]
        related = (branch == 0) | (branch == branches[batch, query])
        return (query >= key) & (segments[batch, query] == segments[batch, key]) & related

    batch, tokens = segments.shape
    if segments.is_cuda:
        return create_block_mask(visible, batch, None, tokens, tokens, device=segments.device)
    keys, queries = branches[:, None, None, :], branches[:, None, :, None]
    same = segments[:, None, :, None] == segments[:, None, None, :]
    return (same & ((keys == 0) | (keys == queries))).tril()


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Mask) -> Tensor:
    """Attention, [batch, heads, tokens, size]; PyTorch's flexible attention does not learn on a CPU."""
    if isinstance(mask, BlockMask):
        return flex_attention(query, key, value, block_mask=mask)
    return functional.scaled_dot_product_attention(query, key, value, mask)


class Block(nn.Module):
    """Attention and feed-forward, each behind its norm."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.attn_norm = nn.RMSNorm(shape.width, shape.norm_epsilon)
        self.attn_q, self.attn_k, self.attn_v, self.attn_output = (
            nn.Linear(shape.width, shape.width, bias=False) for _ in range(4)
        )
        self.ffn_norm = nn.RMSNorm(shape.width, shape.norm_epsilon)
        self.ffn_gate, self.ffn_up = (
            nn.Linear(shape.width, shape.feed_forward, bias=False) for _ in range(2)
        )
        self.ffn_down = nn.Linear(shape.feed_forward, shape.width, bias=False)

    def forward(self, x: Tensor, rotation: tuple[Tensor, Tensor], mask: Mask) -> Tensor:
        query, key, value = self.project(x)
        return self.finish(x, attend(rotate(query, *rotation), rotate(key, *rotation), value, mask))

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Query, key and value, [batch, heads, tokens, size] each."""
        batch, tokens, _ = x.shape
        normed = self.attn_norm(x)
        query, key, value = (
            project(normed).view(batch, tokens, self.heads, -1).transpose(1, 2)
            for project in (self.attn_q, self.attn_k, self.attn_v)
        )
        return query, key, value

    def finish(self, x: Tensor, attended: Tensor) -> Tensor:
        """The block's output, from its input and what the heads found."""
        x = x + self.attn_output(attended.transpose(1, 2).reshape(x.shape))
        normed = self.ffn_norm(x)
        output: Tensor = x + self.ffn_down(functional.silu(self.ffn_gate(normed)) * self.ffn_up(normed))
        return output


class Llama(nn.Module):
    """Tokens, int [batch, tokens] -> logits."""

    cosine: Tensor
    sine: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.width)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.output_norm = nn.RMSNorm(shape.width, shape.norm_epsilon)
        size = shape.width // shape.heads
        frequencies = shape.rope_base ** (-torch.arange(0, size, 2) / size)
        angles = torch.outer(torch.arange(shape.context), frequencies)
        self.register_buffer("cosine", angles.cos(), persistent=False)
        self.register_buffer("sine", angles.sin(), persistent=False)
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                depth = (2 * shape.layers) ** -0.5 if "output" in name or "down" in name else 1.0
                nn.init.normal_(parameter, std=0.02 * depth)

    def forward(self, tokens: Tensor, mask: Mask, positions: Tensor) -> Tensor:
        """The logits, [batch, tokens, vocabulary]; positions: int [batch, tokens]."""
        x = self.token_embd(tokens)
        if x.is_cuda:
            x = x.bfloat16()  # the residual stream too: the small widths here are bound by memory traffic
        rotation = self.rotation(positions)
        for block in self.blk:
            x = block(x, rotation, mask)
        return functional.linear(self.output_norm(x), self.token_embd.weight)

    def blocks(self) -> list[Block]:
        """The layers, in their order."""
        return [cast(Block, block) for block in self.blk]

    def rotation(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Cosines and sines for `rotate`, [batch, 1, tokens, size / 2] each."""
        return self.cosine[positions][:, None], self.sine[positions][:, None]

    def losses(self, tokens: Tensor, targets: Tensor, mask: Mask, positions: Tensor) -> Tensor:
        """The loss of every target, float32 [batch, tokens]."""
        logits = self(tokens, mask, positions).float()
        flat = functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
        return flat.view_as(targets)


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Rotary positions on the pairs (0, 1), (2, 3), ... as Meta's reference and llama.cpp's `llama` do it."""
    even, odd = x.float().reshape(*x.shape[:-1], -1, 2).unbind(-1)
    return torch.stack((even * cosine - odd * sine, even * sine + odd * cosine), -1).flatten(-2).to(x.dtype)
