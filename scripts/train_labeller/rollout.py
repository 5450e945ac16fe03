"""Answers drawn from the model in training, many prompts at once, with a KV cache."""

from collections.abc import Sequence

import numpy as np
import torch
from model import Qwen2, attend, rotate
from torch import Tensor
from torch.nn import functional


@torch.no_grad()
def draw(
    model: Qwen2,
    prompts: Sequence[np.ndarray],
    count: int,
    most: int,
    end: int,
    generator: torch.Generator | None = None,
) -> np.ndarray:
    """Answers to prompts: int [prompts, count, most], filled up with ``end`` after the first one.

    Args:
        model: The model.
        prompts: Tokens of each.
        count: Answers a prompt.
        most: Tokens of an answer.
        end: The token that ends one.
        generator: Draws from all tokens by their probabilities; None takes the likeliest.
    """
    device = model.token_embd.weight.device
    lengths = torch.tensor([len(prompt) for prompt in prompts], device=device)
    longest = int(lengths.max())
    tokens = np.zeros((len(prompts), longest), np.int64)
    for row, prompt in zip(tokens, prompts, strict=True):
        row[longest - len(prompt) :] = prompt
    real = torch.arange(longest, device=device) >= (longest - lengths)[:, None]
    positions = (torch.arange(longest, device=device) - (longest - lengths)[:, None]).clamp(min=0)
    sees_itself = torch.eye(longest, dtype=torch.bool, device=device)  # padding too, or it would be NaN
    mask = (real[:, None, None, :] & torch.ones_like(sees_itself).tril()) | sees_itself
    cache = [_Cache() for _ in model.blk]
    logits = _forward(model, torch.from_numpy(tokens).to(device), positions, mask, cache)
    for kept in cache:
        kept.repeat(count, most)
    real = functional.pad(real, (0, most)).repeat_interleave(count, 0)
    logits, lengths = logits.repeat_interleave(count, 0), lengths.repeat_interleave(count)
    ended = torch.zeros(len(logits), dtype=torch.bool, device=device)
    answers = torch.full((len(logits), most), end, device=device)
    for step in range(most):
        if generator is None:
            chosen = logits.argmax(-1)
        else:
            chosen = torch.multinomial(logits.softmax(-1), 1, generator=generator)[:, 0]
        chosen = torch.where(ended, end, chosen)
        answers[:, step] = chosen
        ended |= chosen == end
        if step + 1 == most or bool(ended.all()):
            break
        real[:, longest + step] = True
        seen = real[:, None, None, : longest + step + 1]
        logits = _forward(model, chosen[:, None], (lengths + step)[:, None], seen, cache)
    return answers.view(len(prompts), count, most).cpu().numpy()


class _Cache:
    """Keys and values of one layer, [rows, heads, tokens, size]."""

    def __init__(self) -> None:
        self.keys = self.values = torch.empty(0)
        self._filled = 0

    def add(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """All keys and values so far, with these."""
        if not self._filled:
            self.keys, self.values, self._filled = keys, values, keys.shape[2]
        else:
            new = slice(self._filled, self._filled + keys.shape[2])
            self.keys[:, :, new], self.values[:, :, new] = keys, values
            self._filled = new.stop
        return self.keys[:, :, : self._filled], self.values[:, :, : self._filled]

    def repeat(self, count: int, more: int) -> None:
        """Every row ``count`` times, with room for ``more`` tokens."""
        self.keys, self.values = (
            functional.pad(x, (0, 0, 0, more)).repeat_interleave(count, 0) for x in (self.keys, self.values)
        )


def _forward(model: Qwen2, tokens: Tensor, positions: Tensor, mask: Tensor, cache: list[_Cache]) -> Tensor:
    """The last token's logits, float32 [rows, vocabulary]."""
    x, rotation = model.embed(tokens), model.rotation(positions)
    for block, kept in zip(model.blocks(), cache, strict=True):
        query, key, value = block.project(x)
        keys, values = kept.add(rotate(key, *rotation), value)
        x = block.finish(x, _attend(rotate(query, *rotation), keys, values, mask))
    return model.logits(model.output_norm(x[:, -1]))


def _attend(query: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
    """Attention; the heads that share keys and values see the same, so one token's are as good as tokens."""
    rows, heads, tokens, size = query.shape
    if tokens > 1:
        return attend(query, keys, values, mask)
    grouped = query.view(rows, keys.shape[1], -1, size)
    return functional.scaled_dot_product_attention(grouped, keys, values, mask).view(rows, heads, 1, size)
