"""Stage 8: the GGUF that ships: Q8_0 weights, tokenizer, chat template and prompt."""

import argparse
from dataclasses import asdict
from pathlib import Path

import gguf
import torch
from recipe import FULL, MODEL, PROMPT, SETTINGS, TEMPLATE, TOKENIZER, TOY, WORK, Shape
from sentencepiece import SentencePieceProcessor

from localtopics.files import replacing

Q8_0 = gguf.GGMLQuantizationType.Q8_0


def add_shape(writer: gguf.GGUFWriter, shape: Shape) -> None:
    """The hyperparameters that llama.cpp builds its graph from."""
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(shape.norm_epsilon)


def add_tokenizer(writer: gguf.GGUFWriter, processor: SentencePieceProcessor) -> None:
    """The pieces with their scores, which are all that SentencePiece's byte-pair merging needs."""
    ids = range(len(processor))
    kinds = [
        gguf.TokenType.UNKNOWN
        if processor.is_unknown(i)
        else gguf.TokenType.CONTROL
        if processor.is_control(i)
        else gguf.TokenType.BYTE
        if processor.is_byte(i)
        else gguf.TokenType.NORMAL
        for i in ids
    ]
    writer.add_tokenizer_model("llama")
    writer.add_token_list([processor.id_to_piece(i) for i in ids])
    writer.add_token_scores([processor.get_score(i) for i in ids])
    writer.add_token_types(kinds)
    writer.add_unk_token_id(processor.unk_id())
    writer.add_bos_token_id(processor.bos_id())
    writer.add_eos_token_id(processor.eos_id())
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(True)


def add_prompt(writer: gguf.GGUFWriter) -> None:
    """How the model wants to be asked: the chat template, and what `LlamaLabels` reads."""
    writer.add_chat_template(TEMPLATE)
    for name, text in asdict(PROMPT).items():
        writer.add_string(f"localtopics.prompt.{name}", text)
    for name, number in asdict(SETTINGS).items():
        add = writer.add_uint32 if isinstance(number, int) else writer.add_float32
        add(f"localtopics.prompt.{name}", number)


def add_weights(writer: gguf.GGUFWriter, state: dict[str, torch.Tensor]) -> None:
    """Matrices as Q8_0, norms as float32."""
    for name, weight in state.items():
        array = weight.float().cpu().numpy()
        if array.ndim == 2:
            writer.add_tensor(name, gguf.quants.quantize(array, Q8_0), raw_dtype=Q8_0)
        else:
            writer.add_tensor(name, array)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, default=WORK / "preferred.pt")
    parser.add_argument("--out", type=Path, default=MODEL)
    parser.add_argument("--toy", action="store_true")
    arguments = parser.parse_args()
    state = torch.load(arguments.checkpoint, map_location="cpu")["model"]
    with replacing(arguments.out) as part:
        writer = gguf.GGUFWriter(part, "llama")
        writer.add_name("localtopics labeller")
        writer.add_description("Names topics from a few of their documents and keywords")
        writer.add_license("mit")
        writer.add_languages(["en"])
        writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
        writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
        add_shape(writer, TOY if arguments.toy else FULL)
        add_tokenizer(writer, SentencePieceProcessor(model_file=str(TOKENIZER)))
        add_prompt(writer)
        add_weights(writer, state)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
