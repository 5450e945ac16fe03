"""Stage 5: the labeller is cut out of the whole model: the layers that matter least go, and inner units.

Layers are taken out one by one, each time that without which our own text is predicted best; the first two
and the last two stay (compare Gromov et al., "The Unreasonable Ineffectiveness of the Deeper Layers", 2024).
Of a feed-forward layer's inner units those stay that give most to its output: mean activation times the
length of the unit's column. What is left predicts badly and is a good beginning.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import gguf
import numpy as np
import torch
from header import read_shape
from model import Block, Qwen2
from ragged import Ragged
from recipe import SEED, TOY, TOY_WHOLE, WHOLE, WORK, Shape, results
from torch import Tensor
from torch.nn import functional
from training import device, keep

ENDS = 2
"""Layers at either end that stay."""


def load(path: Path) -> Qwen2:
    """The model of a GGUF, or of a checkpoint that a stage left."""
    if path.suffix == ".gguf":
        reader = gguf.GGUFReader(path)
        model = Qwen2(read_shape(reader))
        state = {
            tensor.name: torch.from_numpy(
                np.array(gguf.quants.dequantize(tensor.data, tensor.tensor_type), np.float32)
            )
            for tensor in reader.tensors
        }
    else:
        saved = torch.load(path, map_location="cpu")
        model, state = Qwen2(Shape(**saved["shape"])), saved["model"]
    model.load_state_dict(state)
    return model


def samples(rows: int, context: int) -> Tensor:
    """Running text and label prompts that the cut is judged by: int [rows, context]."""
    parts = [Ragged.load(WORK / f"{name}.npz") for name in ("plain", "labels-1")]
    random = np.random.default_rng(SEED)
    drawn: list[np.ndarray] = []
    for part in parts:
        order = random.permutation(len(part))
        text = np.concatenate([part[i] for i in order[: 40 * rows]])
        drawn.append(text[: len(text) // context * context].reshape(-1, context)[: -(-rows // 2)])
    return torch.from_numpy(np.concatenate(drawn).astype(np.int64))


class Judge:
    """The text by which a cut is judged, on the device."""

    def __init__(self, model: Qwen2, tokens: Tensor) -> None:
        self.model = model.halve().to(device()).eval()
        self.tokens = tokens.to(device())
        rows, context = self.tokens.shape
        self.rotation = self.model.rotation(torch.arange(context, device=device()).expand(rows, -1))

    def loss(self, layers: list[Block]) -> float:
        """The mean loss of the tokens, with these layers alone."""
        x = self.model.embed(self.tokens)
        for layer in layers:
            x = layer(x, self.rotation, None)
        rows = zip(self.tokens, self.model.output_norm(x), strict=True)
        losses = [
            functional.cross_entropy(self.model.logits(hidden[:-1]), tokens[1:]) for tokens, hidden in rows
        ]
        return float(torch.stack(losses).mean())

    def cut(self, count: int) -> list[Block]:
        """So many of the layers, in their order."""
        layers = self.model.blocks()
        fixed = {*map(id, layers[:ENDS]), *map(id, layers[-ENDS:])} if count >= 2 * ENDS else set()
        numbers = {id(layer): number for number, layer in enumerate(layers)}
        print(f"{len(layers)} layers, loss {self.loss(layers):.3f}", flush=True)
        while len(layers) > count:
            trials = [
                (self.loss([other for other in layers if other is not layer]), numbers[id(layer)])
                for layer in layers
                if id(layer) not in fixed
            ]
            loss, worst = min(trials)
            layers = [layer for layer in layers if numbers[id(layer)] != worst]
            print(f"without layer {worst}: {len(layers)} layers, loss {loss:.3f}", flush=True)
        return layers

    def important(self, layers: list[Block], count: int) -> list[Tensor]:
        """Of each layer's inner units those that give most to its output, int [count], in their order."""
        x, kept = self.model.embed(self.tokens), []
        for layer in layers:
            held: list[Tensor] = []
            hook = layer.ffn_down.register_forward_pre_hook(
                lambda _, inner, held=held: held.append(inner[0].float().abs().mean((0, 1)))
            )
            x = layer(x, self.rotation, None)
            hook.remove()
            importance = held[0] * layer.ffn_down.weight.float().norm(dim=0)
            kept.append(importance.topk(count).indices.sort().values)
        return kept


def narrowed(layer: Block, units: Tensor) -> dict[str, Tensor]:
    """A layer's weights with these inner units alone."""
    state = layer.state_dict()
    for name in ("ffn_gate.weight", "ffn_up.weight"):
        state[name] = state[name][units]
    state["ffn_down.weight"] = state["ffn_down.weight"][:, units]
    return state


@torch.no_grad()
def labeller(model: Qwen2, tokens: Tensor, shape: Shape) -> Qwen2:
    """The part of a model that has another shape, of equal width."""
    judge = Judge(model, tokens)
    layers = judge.cut(shape.layers)
    units = judge.important(layers, shape.feed_forward)
    small = Qwen2(shape)
    small.token_embd.load_state_dict(model.token_embd.state_dict())
    small.output_norm.load_state_dict(model.output_norm.state_dict())
    for new, old, kept in zip(small.blocks(), layers, units, strict=True):
        new.load_state_dict(narrowed(old, kept))
    narrow = Judge(small, tokens)
    print(f"feed-forward {shape.feed_forward}: loss {narrow.loss(small.blocks()):.3f}", flush=True)
    return small.float().cpu()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--layers", type=int, default=Shape.layers)
    parser.add_argument("--feed-forward", type=int, default=Shape.feed_forward)
    parser.add_argument("--rows", type=int, default=24, help="of 1,024 tokens that the cut is judged by")
    parser.add_argument("--toy", action="store_true", help="cut a tiny model of random weights")
    arguments = parser.parse_args()
    out = results(arguments.toy) / "cut.pt"
    torch.manual_seed(SEED)
    if arguments.toy:
        whole, shape, tokens = Qwen2(TOY_WHOLE), TOY, samples(2, 128)
        keep(whole, results(True) / "whole.pt")
    else:
        whole, tokens = load(WHOLE), samples(arguments.rows, 1024)
        shape = replace(whole.shape, layers=arguments.layers, feed_forward=arguments.feed_forward)
    small = labeller(whole, tokens, shape)
    keep(small, out)
    print(f"{sum(p.numel() for p in small.parameters()) / 1e6:.1f} M parameters")


if __name__ == "__main__":
    main()
