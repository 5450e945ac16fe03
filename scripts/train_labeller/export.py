"""Stage 10: the GGUF that ships: weights of about five bits, tokenizer, chat template and prompt."""

import argparse
import json
from pathlib import Path

import gguf
import numpy as np
import torch
from header import ARCHITECTURE, add_prompt, add_shape, add_tokenizer, write
from recipe import MODEL, TOKENIZER, Shape, results

from localtopics.files import replacing

TYPES = {
    name: gguf.GGMLQuantizationType[name] for name in ("Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "F16", "F32")
}


def vocabulary(path: Path) -> tuple[list[str], list[tuple[str, str]]]:
    """The pieces in the order of their ids, and the merges, of a tokenizer's file."""
    model = json.loads(path.read_text())["model"]
    pieces = sorted(model["vocab"], key=model["vocab"].__getitem__)
    return pieces, [(left, right) for left, right in model["merges"]]


def add_weights(
    writer: gguf.GGUFWriter,
    state: dict[str, torch.Tensor],
    layers: gguf.GGMLQuantizationType,
    embeddings: gguf.GGMLQuantizationType,
) -> float:
    """Matrices in their types, all else as float32; returns the relative error of the matrices."""
    lost = total = 0.0
    for name, weight in state.items():
        array = weight.float().cpu().numpy()
        if array.ndim != 2:
            writer.add_tensor(name, array)
            continue
        kind = embeddings if name == "token_embd.weight" else layers
        packed = gguf.quants.quantize(array, kind)
        writer.add_tensor(name, packed, raw_dtype=kind)
        lost += float(np.square(gguf.quants.dequantize(packed, kind) - array).sum())
        total += float(np.square(array).sum())
    return float(np.sqrt(lost / total))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--layers", choices=TYPES, default="Q5_0", help="type of the layers' matrices")
    parser.add_argument("--embeddings", choices=TYPES, default="Q5_1", help="type of the embeddings")
    parser.add_argument("--toy", action="store_true")
    arguments = parser.parse_args()
    saved = torch.load(arguments.checkpoint or results(arguments.toy) / "preferred.pt", map_location="cpu")
    out = arguments.out or (results(True) / "toy.gguf" if arguments.toy else MODEL)
    with replacing(out) as part:
        writer = gguf.GGUFWriter(part, ARCHITECTURE)
        writer.add_name("localtopics labeller")
        writer.add_description("Names topics from a few of their documents and keywords")
        writer.add_license("apache-2.0")
        writer.add_languages(["en"])
        writer.add_file_type(gguf.LlamaFileType[f"MOSTLY_{arguments.layers}"])
        writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
        add_shape(writer, Shape(**saved["shape"]))
        add_tokenizer(writer, *vocabulary(TOKENIZER))
        add_prompt(writer)
        error = add_weights(writer, saved["model"], TYPES[arguments.layers], TYPES[arguments.embeddings])
        write(writer)
    print(f"{out}: {out.stat().st_size / 1e6:.1f} MB, relative error of the weights {error:.4f}")


if __name__ == "__main__":
    main()
