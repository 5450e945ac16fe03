"""The loss of a next token and of a teacher's distribution over it, without the logits of all tokens at
once.

The gradient of both is a difference of distributions, so it is computed beside the loss, a few thousand
tokens at a time, as in Liger's fused linear cross-entropy (Hsu et al. 2024).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor

CHUNK = 8192
"""Tokens whose logits are there together: 1 GB of float32 with 32,000 pieces."""


@dataclass(frozen=True)
class Teacher:
    """What a teacher makes of the same tokens.

    `hidden` [tokens, width] and `embedding` [vocabulary, width] give its logits; `share` is what its
    distribution counts beside the token that did follow, from 0 to 1.
    """

    hidden: Tensor
    embedding: Tensor
    share: float


def wide(a: Tensor, b: Tensor) -> Tensor:
    """The product of two matrices as float32, whatever they are."""
    if a.is_cuda and a.dtype != torch.float32:
        return torch.mm(a, b, out_dtype=torch.float32)
    return a.float() @ b.float()


def compare(
    logits: Tensor,
    taught: Tensor | None,
    targets: Tensor,
    weights: Tensor,
    share: float,
    kind: torch.dtype,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Of every token its loss, the mixed loss and the divergence from the teacher, and the logits' gradient.

    Args:
        logits: float32 [tokens, vocabulary].
        taught: the teacher's.
        targets: int [tokens].
        weights: float32 [tokens].
        share: what the teacher's distribution counts.
        kind: the type of the gradient.
    """
    log_p = logits.log_softmax(-1)
    own = -log_p.gather(-1, targets[:, None])[:, 0]
    wanted = (torch.arange(logits.shape[-1], device=logits.device) == targets[:, None]).float()
    mixed, divergence = own, torch.zeros_like(own)
    if taught is not None:
        log_q = taught.log_softmax(-1)
        q = log_q.exp()
        soft = -(q * log_p).sum(-1)
        divergence = soft + (q * log_q).sum(-1)
        mixed = (1 - share) * own + share * divergence
        wanted = (1 - share) * wanted + share * q
    return own, mixed, divergence, ((log_p.exp() - wanted) * weights[:, None]).to(kind)


class _Matching(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, embedding: Tensor, targets: Tensor, weights: Tensor, teacher: Teacher | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        matrix = embedding.to(hidden.dtype)
        compute = _compiled() if hidden.is_cuda else compare
        total = torch.zeros((), device=hidden.device)
        owns, divergences = torch.empty_like(weights), torch.empty_like(weights)
        to_hidden = torch.empty_like(hidden)
        to_embedding = torch.zeros(embedding.shape, device=hidden.device)
        for start in range(0, len(hidden), CHUNK):
            part = slice(start, start + CHUNK)
            logits = wide(hidden[part], matrix.T)
            taught = None if teacher is None else wide(teacher.hidden[part], teacher.embedding.T)
            share = 0.0 if teacher is None else teacher.share
            own, mixed, divergence, gradient = compute(
                logits, taught, targets[part], weights[part], share, hidden.dtype
            )
            total += (mixed * weights[part]).sum()
            owns[part], divergences[part] = own, divergence
            to_hidden[part] = gradient @ matrix
            to_embedding += wide(gradient.T, hidden[part])
        ctx.save_for_backward(to_hidden, to_embedding)
        ctx.mark_non_differentiable(owns, divergences)
        return total, owns, divergences

    @staticmethod
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor | None, ...]:
        to_hidden, to_embedding = ctx.saved_tensors
        return to_hidden * above[0].to(to_hidden.dtype), to_embedding * above[0], None, None, None


def matching(
    hidden: Tensor, embedding: Tensor, targets: Tensor, weights: Tensor, teacher: Teacher | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """The weighted sum of all tokens' losses, and of each its own loss and divergence from the teacher.

    The mixed loss of a token is (1 - share) of its cross-entropy and `share` of the divergence (Kullback and
    Leibler) of the prediction from the teacher's. Only the sum is differentiated.

    Args:
        hidden: [tokens, width].
        embedding: [vocabulary, width], of any type; the logits are its product with `hidden`.
        targets: int [tokens].
        weights: float32 [tokens]; they may be negative.
        teacher: whom to learn from beside the targets.
    """
    found = _Matching.apply(hidden, embedding, targets, weights, teacher)  # type: ignore[no-untyped-call]
    total, own, divergence = found
    return total, own, divergence


@cache
def _compiled() -> Callable[..., tuple[Tensor, Tensor, Tensor, Tensor]]:
    return torch.compile(compare, dynamic=False)
