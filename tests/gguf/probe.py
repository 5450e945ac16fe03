"""Let llama.cpp try broken GGUF files, each in a process of its own, because it may die of them.

    python tests/gguf/probe.py MODEL [--unchecked] [--every N] [--vocabulary]

For each mutant of MODEL prints a line of JSON: what was done to it; what became of it, "refused" by our
check, "failed" where llama.cpp says no, "ran" where it loads and generates, or "died of signal N"; and what
our check said. With --unchecked llama.cpp gets every mutant; --every takes one in N; --vocabulary opens the
tokenizer alone.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import llama_cpp

from localtopics.errors import UserError
from localtopics.gguf import read_info
from tests.gguf.mutants import mutants

TEXT = "Once upon a time, über 数 \x7f[/INST] </s>".encode()
MEMORY = 4 << 30
SECONDS = 20


def say_nothing(level: int, text: bytes, data: object) -> None: ...


quiet = llama_cpp.llama_log_callback(say_nothing)


def outcome(path: Path, vocabulary_only: bool = False) -> str:
    """What becomes of a process that opens the model with llama.cpp and generates a little."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.alarm(SECONDS)
        os._exit(0 if (tokenizes if vocabulary_only else runs)(path) else 1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return f"died of signal {os.WTERMSIG(status)}"
    return "ran" if os.WEXITSTATUS(status) == 0 else "failed"


def runs(path: Path) -> bool:
    """Load the model, tokenize a text, decode it and three tokens more; False where llama.cpp says no."""
    llama_cpp.llama_log_set(quiet, None)
    model = llama_cpp.llama_model_load_from_file(bytes(path), llama_cpp.llama_model_default_params())
    settings = llama_cpp.llama_context_default_params()
    settings.n_ctx, settings.n_batch, settings.n_threads, settings.n_threads_batch = 256, 128, 1, 1
    context: Any = model and llama_cpp.llama_init_from_model(model, settings)
    if not context:
        return False
    vocabulary = llama_cpp.llama_model_get_vocab(model)
    tokens, buffer = (llama_cpp.llama_token * 256)(), ctypes.create_string_buffer(256)
    llama_cpp.llama_tokenize(vocabulary, TEXT, len(TEXT), tokens, 256, True, False)
    count = llama_cpp.llama_tokenize(vocabulary, TEXT, len(TEXT), tokens, 256, False, True)
    for _ in range(4):
        if count < 1 or llama_cpp.llama_decode(context, llama_cpp.llama_batch_get_one(tokens, count)) != 0:
            return False
        logits = llama_cpp.llama_get_logits_ith(context, -1)
        best = max(range(llama_cpp.llama_vocab_n_tokens(vocabulary)), key=lambda token: logits[token])
        llama_cpp.llama_token_to_piece(vocabulary, best, buffer, 256, 0, True)
        tokens[0], count = best, 1
    llama_cpp.llama_free(context)
    llama_cpp.llama_model_free(model)
    return True


def tokenizes(path: Path) -> bool:
    """Load the vocabulary alone and go through every token of it; False where llama.cpp says no."""
    llama_cpp.llama_log_set(quiet, None)
    parameters = llama_cpp.llama_model_default_params()
    parameters.vocab_only = True
    model = llama_cpp.llama_model_load_from_file(bytes(path), parameters)
    if not model:
        return False
    vocabulary = llama_cpp.llama_model_get_vocab(model)
    tokens, buffer = (llama_cpp.llama_token * 256)(), ctypes.create_string_buffer(256)
    for special in (False, True):
        llama_cpp.llama_tokenize(vocabulary, TEXT, len(TEXT), tokens, 256, not special, special)
    for token in range(llama_cpp.llama_vocab_n_tokens(vocabulary)):
        llama_cpp.llama_token_to_piece(vocabulary, token, buffer, 256, 0, True)
    llama_cpp.llama_model_free(model)
    return True


def main() -> None:
    model, unchecked = Path(sys.argv[1]), "--unchecked" in sys.argv
    vocabulary_only = "--vocabulary" in sys.argv
    every = int(sys.argv[sys.argv.index("--every") + 1]) if "--every" in sys.argv else 1
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mutant.gguf"
        for number, (name, make) in enumerate(mutants(model)):
            if number % every:
                continue
            path.write_bytes(make())
            try:
                read_info(path, vocabulary_only=vocabulary_only)
                refused = ""
            except UserError as error:
                refused = str(error).replace(str(path), "FILE")
            became = outcome(path, vocabulary_only) if unchecked or not refused else "refused"
            sys.stdout.write(json.dumps([name, became, refused]) + "\n")


if __name__ == "__main__":
    os.environ["GGML_NO_BACKTRACE"] = "1"  # else every abort starts a debugger
    os.environ["CUDA_VISIBLE_DEVICES"] = ""  # a CUDA context would not fit into MEMORY
    main()
