"""A plain Qwen2 (Yang et al. 2024): RMS norms, rotary positions, grouped queries, SwiGLU, tied embeddings.

Parameter names and shapes are those of a GGUF of architecture `qwen2`, so that reading and the export are
copies. The parameters may be float32 while all products run in the type of the embedded tokens; norms and
rotations are computed in float32.
"""

from typing import cast

import torch
from recipe import Shape
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention

Mask = BlockMask | Tensor | None
"""None lets every token see all earlier ones."""


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
        return flex_attention(query, key, value, block_mask=mask, enable_gqa=True)
    each = query.shape[1] // key.shape[1]
    key, value = (x.repeat_interleave(each, 1) for x in (key, value))
    return functional.scaled_dot_product_attention(query, key, value, mask, is_causal=mask is None)


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Rotary positions on the pairs (0, n / 2), (1, n / 2 + 1), ..., as llama.cpp's `qwen2` has them."""
    first, second = x.float().chunk(2, -1)
    return torch.cat((first * cosine - second * sine, first * sine + second * cosine), -1).to(x.dtype)


class Linear(nn.Linear):
    """A linear layer that computes in the type of its input."""

    def forward(self, x: Tensor) -> Tensor:
        bias = None if self.bias is None else self.bias.to(x.dtype)
        return functional.linear(x, self.weight.to(x.dtype), bias)


class Norm(nn.Module):
    """Division by the root mean square."""

    def __init__(self, width: int, epsilon: float) -> None:
        super().__init__()
        self.weight, self.epsilon = nn.Parameter(torch.ones(width)), epsilon

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        scale = torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.epsilon)
        return (wide * scale * self.weight.float()).to(x.dtype)


class Block(nn.Module):
    """Attention and feed-forward, each behind its norm."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        size = shape.width // shape.heads
        self.heads, self.kv_heads = shape.heads, shape.kv_heads
        self.attn_norm = Norm(shape.width, shape.norm_epsilon)
        self.attn_q = Linear(shape.width, shape.width)
        self.attn_k, self.attn_v = (Linear(shape.width, shape.kv_heads * size) for _ in range(2))
        self.attn_output = Linear(shape.width, shape.width, bias=False)
        self.ffn_norm = Norm(shape.width, shape.norm_epsilon)
        self.ffn_gate, self.ffn_up = (Linear(shape.width, shape.feed_forward, bias=False) for _ in range(2))
        self.ffn_down = Linear(shape.feed_forward, shape.width, bias=False)

    def forward(self, x: Tensor, rotation: tuple[Tensor, Tensor], mask: Mask) -> Tensor:
        query, key, value = self.project(x)
        return self.finish(x, attend(rotate(query, *rotation), rotate(key, *rotation), value, mask))

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Query, key and value, [batch, heads, tokens, size] each; keys and values have fewer heads."""
        batch, tokens, _ = x.shape
        normed = self.attn_norm(x)
        query, key, value = (
            project(normed).view(batch, tokens, heads, -1).transpose(1, 2)
            for project, heads in (
                (self.attn_q, self.heads),
                (self.attn_k, self.kv_heads),
                (self.attn_v, self.kv_heads),
            )
        )
        return query, key, value

    def finish(self, x: Tensor, attended: Tensor) -> Tensor:
        """The block's output, from its input and what the heads found."""
        x = x + self.attn_output(attended.transpose(1, 2).reshape(x.shape))
        output: Tensor = x + self.ffn_down(self.inner(self.ffn_norm(x)))
        return output

    def inner(self, normed: Tensor) -> Tensor:
        """What the feed-forward layer holds between its two products."""
        gated: Tensor = functional.silu(self.ffn_gate(normed)) * self.ffn_up(normed)
        return gated


class Qwen2(nn.Module):
    """Tokens, int [batch, tokens] -> the last hidden states, which `logits` makes logits of."""

    cosine: Tensor
    sine: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.width)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.output_norm = Norm(shape.width, shape.norm_epsilon)
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
        """The normed hidden states, [batch, tokens, width]; positions: int [batch, tokens]."""
        x, rotation = self.embed(tokens), self.rotation(positions)
        for block in self.blk:
            x = block(x, rotation, mask)
        hidden: Tensor = self.output_norm(x)
        return hidden

    def embed(self, tokens: Tensor) -> Tensor:
        """The embedded tokens; on a GPU in bfloat16, and so all that is made of them."""
        x: Tensor = self.token_embd(tokens)
        return x.bfloat16() if x.is_cuda else x

    def logits(self, hidden: Tensor) -> Tensor:
        """Float32, [..., vocabulary]."""
        return functional.linear(hidden, self.token_embd.weight.to(hidden.dtype)).float()

    def blocks(self) -> list[Block]:
        """The layers, in their order."""
        return [cast(Block, block) for block in self.blk]

    def rotation(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Cosines and sines for `rotate`, [batch, 1, tokens, size / 2] each."""
        return self.cosine[positions][:, None], self.sine[positions][:, None]

    def halve(self) -> "Qwen2":
        """Keep the weights as bfloat16 where there is a GPU, as is enough for a model that does not learn."""
        if torch.cuda.is_available():
            for parameter in self.parameters():  # not the rotations
                parameter.data = parameter.data.bfloat16()
        return self

    def compile_blocks(self) -> None:
        """Compile the layers, which share their code: once for all of them."""
        torch._dynamo.config.recompile_limit = 64
        for block in self.blk:
            block.compile(dynamic=False)
