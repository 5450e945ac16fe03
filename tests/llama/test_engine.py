"""The engine on a real small model, against generation one by one, and under stress."""

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import llama_cpp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_gguf import SHAPES, write

from localtopics.errors import UserError
from localtopics.llama.answers import first_line
from localtopics.llama.engine import Engine, Generation, Sampling
from localtopics.llama.offload import OffloadPlan
from localtopics.llama.schedule import Schedule
from tests.conftest import ROOT
from tests.llama import hybrid_gguf

BEGINNING = "Once upon a time, there was a "
ENDINGS = [
    "little girl",
    "big dog who liked to run in the park with",
    "cat",
    "boy named Tim. He had a red ball and",
    "bird. The bird could",
    "tree in the forest. It was very tall. One day a man came and said",
    "mouse who lived in",
    "bear",
    "girl named Lily. She went to the store with her mom. They saw a big",
    "frog",
    "happy family. They",
]
UNIFIED = Schedule(sequences=6, cells=1024, unified=True, batch=64, ubatch=32, block=5)
SIDE_BY_SIDE = Schedule(
    sequences=20, cells=2048, unified=True, batch=128, ubatch=64, block=8, rows=8, fewest=2
)
WAVES = Schedule(sequences=4, cells=256, unified=False, batch=128, ubatch=64, block=4, rows=4, fewest=2)
ANSWER = 14


@pytest.fixture(scope="module")
def engine(story: Path) -> Iterator[Engine]:
    with Engine(story, threads=1, context=256) as engine:
        yield engine


@pytest.fixture(scope="module")
def prompts(engine: Engine) -> list[list[int]]:
    return [[1, *engine.tokenizer.encode(BEGINNING + ending, special=False)] for ending in ENDINGS]


@pytest.fixture(scope="module")
def large(sentencepiece: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of 30 million random weights, large enough to take its time."""
    path = tmp_path_factory.mktemp("models") / "large.gguf"
    write(path, SHAPES["tiny"], sentencepiece)
    return path


def texts(generations: Iterator[Generation]) -> dict[int, tuple[str, ...]]:
    found = list(generations)
    assert len({generation.prompt for generation in found}) == len(found)
    return {generation.prompt: generation.texts for generation in sorted(found, key=lambda g: g.prompt)}


@pytest.fixture(scope="module")
def one_by_one(story: Path, prompts: list[list[int]]) -> list[str]:
    """What llama-cpp-python's own `Llama` answers."""
    llama = llama_cpp.Llama(str(story), n_ctx=256, n_threads=1, n_threads_batch=1, verbose=False)
    answers = []
    for prompt in prompts:
        llama.reset()  # type: ignore[no-untyped-call]
        generated = llama.generate(prompt, temp=0.0, top_k=1)
        text = b"".join(llama.detokenize([next(generated)], prev_tokens=prompt) for _ in range(ANSWER))
        answers.append(text.decode().strip().partition("\n")[0].rstrip())
    llama.close()
    return answers


@pytest.mark.parametrize("schedule", [None, UNIFIED, WAVES], ids=["chosen", "unified", "waves"])
def test_answers_are_those_of_one_by_one_generation(
    engine: Engine, prompts: list[list[int]], one_by_one: list[str], schedule: Schedule | None
) -> None:
    answers = texts(engine.generate(prompts, ANSWER, schedule=schedule))
    assert [answer[0] for answer in answers.values()] == one_by_one
    assert engine.schedule is not None
    assert schedule in (None, engine.schedule)


@pytest.mark.parametrize("schedule", [None, UNIFIED, WAVES], ids=["chosen", "unified", "waves"])
def test_neither_order_nor_repetition_nor_company_of_skipped_ones_matters(
    engine: Engine, prompts: list[list[int]], schedule: Schedule | None
) -> None:
    ask = partial(engine.generate, max_tokens=ANSWER, candidates=3, schedule=schedule)
    first = texts(ask(prompts))
    order = list(range(len(prompts)))
    random.Random(0).shuffle(order)
    shuffled = texts(ask([prompts[i] for i in order]))
    assert {i: shuffled[place] for place, i in enumerate(order)} == first
    done = {0, 3, 4, 9}
    rest = texts(ask(prompts, skip=done))
    assert rest == {i: answer for i, answer in first.items() if i not in done}
    assert texts(ask([*prompts, prompts[2]])) == {**first, len(prompts): first[2]}


def test_candidates_are_the_greedy_answer_and_different_draws(
    engine: Engine, prompts: list[list[int]]
) -> None:
    greedy = texts(engine.generate(prompts, ANSWER))
    drawn = texts(engine.generate(prompts, ANSWER, 4, Sampling(seed=1)))
    again = texts(engine.generate(prompts, ANSWER, 4, Sampling(seed=1)))
    other = texts(engine.generate(prompts, ANSWER, 4, Sampling(seed=2)))
    assert drawn == again
    assert {i: answer[:1] for i, answer in drawn.items()} == greedy
    assert all(len(answer) == 4 for answer in drawn.values())
    assert sum(len(set(answer)) > 1 for answer in drawn.values()) > len(prompts) / 2
    assert drawn != other


@pytest.mark.parametrize("schedule", [UNIFIED, WAVES], ids=["unified", "waves"])
def test_a_candidate_is_the_same_however_it_is_decoded(
    engine: Engine, prompts: list[list[int]], schedule: Schedule | None
) -> None:
    chosen = texts(engine.generate(prompts, ANSWER, 4))
    assert texts(engine.generate(prompts, ANSWER, 4, schedule=schedule)) == chosen


def test_a_recurrent_state_is_neither_cut_back_nor_shared(
    story: Path, prompts: list[list[int]], tmp_path: Path
) -> None:
    path = tmp_path / "hybrid.gguf"
    hybrid_gguf.write(path, story)
    sampling = Sampling(temperature=0.3)
    with Engine(path, threads=1, context=256) as engine:
        ask = partial(engine.generate, max_tokens=ANSWER, candidates=4, sampling=sampling)
        alone = [texts(ask([prompt]))[0] for prompt in prompts]
        assert list(texts(ask(prompts)).values()) == alone
        assert list(texts(ask(prompts, schedule=SIDE_BY_SIDE)).values()) == alone
    assert len({text for answer in alone for text in answer}) > 2 * len(prompts), "draws differ"
    assert any(a[:3] == b[:3] != "" for a, *more in alone for b in more), "and some begin alike"


def test_an_answer_is_the_first_line_of_the_stream(engine: Engine, prompts: list[list[int]]) -> None:
    stream = "".join(engine.stream(prompts[0], 80))
    assert "\n" in stream.strip(), "the model is expected to write a second line here"
    (generation,) = engine.generate([prompts[0]], 80)
    assert generation.texts == (stream.strip().partition("\n")[0].rstrip(),)
    assert generation.seconds > 0


@pytest.mark.parametrize(
    ("text", "answer", "ended"),
    [
        ("\n Buses \n", "Buses", True),
        ("Buses", "Buses", False),
        ("Buses\nTrams\n", "Buses", True),
        ("机器学习\n", "机器学习", True),
        ("Here it is:\n\n**Name:**\nBuses\n", "Here it is:\n\n**Name:**\nBuses", True),
        ('```json\n{\n  "names": [\n', '```json\n{\n  "names": [', False),
        ('```json\n{\n  "name": "Buses",\n', '```json\n{\n  "name": "Buses",', True),
        ("<think>\n\n</think>\n\nBuses\n", "<think>\n\n</think>\n\nBuses", True),
        ("", "", False),
        ("\n\n", "", False),
    ],
)
def test_an_answer_has_one_line_that_says_something(text: str, answer: str, ended: bool) -> None:
    assert first_line(text) == (answer, ended)


@given(
    st.lists(st.sampled_from(["\n", " ", "Buses", "```", "{", ":", "<think>", "</think>", "é"])).map("".join)
)
def test_an_answer_once_ended_stays_the_same(text: str) -> None:
    answer, ended = first_line(text)
    assert answer in text
    assert not ended or first_line(f"{text}more\nand more")[0] == answer
    if not ended:
        assert answer == text.strip()


@pytest.mark.parametrize(
    ("prompt", "answer", "message"),
    [
        ([], 4, "empty"),
        ([1] * 250, 10, "exceed"),
        ([1, 99999], 4, "tokens that the model does not"),
        ([1], 0, "exceed"),
    ],
)
def test_what_cannot_be_answered_is_refused_before_anything_is_decoded(
    story: Path, prompts: list[list[int]], prompt: list[int], answer: int, message: str
) -> None:
    with Engine(story, threads=1, context=256) as engine:
        with pytest.raises(UserError, match=message):
            engine.generate([prompts[0], prompt], answer)
        assert engine.schedule is None


def test_nothing_asked_nothing_done(engine: Engine, prompts: list[list[int]]) -> None:
    assert list(engine.generate([])) == []
    assert list(engine.generate(prompts[:2], skip=[0, 1])) == []


def test_a_generation_left_half_way_leaves_no_trace(engine: Engine, prompts: list[list[int]]) -> None:
    expected = texts(engine.generate(prompts, ANSWER, schedule=WAVES))
    for count in (1, 3):
        running = engine.generate(prompts, ANSWER, schedule=WAVES)
        for _ in range(count):
            next(running)
        assert isinstance(running, Generator)
        running.close()
        assert texts(engine.generate(prompts, ANSWER, schedule=WAVES)) == expected


def test_what_is_closed_or_overtaken_says_so_instead_of_crashing(
    story: Path, prompts: list[list[int]]
) -> None:
    engine = Engine(story, threads=1, context=256)
    overtaken = engine.generate(prompts, ANSWER, schedule=WAVES)
    next(overtaken)
    running = engine.generate(prompts, ANSWER, schedule=WAVES)
    next(running)
    with pytest.raises(RuntimeError, match="other prompts"):
        list(overtaken)
    engine.close()
    engine.close()
    for use in (
        lambda: list(running),
        lambda: list(engine.generate(prompts, ANSWER)),
        lambda: list(engine.stream(prompts[0])),
        lambda: engine.tokenizer.encode("text", special=False),
    ):
        with pytest.raises(RuntimeError, match="closed"):
            use()


OPENING = """
import gc, json, os, sys
from pathlib import Path
from localtopics.llama.engine import Engine

path, prompts = Path(sys.argv[1]), json.loads(sys.argv[2])
for _ in range(20):
    with Engine(path, threads=1, context=256) as engine:
        list(engine.generate(prompts, 4))
    gc.collect()
    print(int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
"""


def test_opening_and_closing_gives_all_memory_back(story: Path, prompts: list[list[int]]) -> None:
    if not Path("/proc/self/statm").exists():
        pytest.skip("needs /proc")
    arguments = [str(story), json.dumps(prompts[:3])]  # in a process of its own, where nothing else grows
    done = subprocess.run(
        [sys.executable, "-c", OPENING, *arguments], capture_output=True, text=True, check=True
    )
    sizes = [int(size) for size in done.stdout.split()]
    assert len(sizes) == 20
    assert sizes[-1] - sizes[4] < 3 << 20, sizes  # a model and its context take 8 MiB


def test_ctrl_c_stops_a_decode_call_within_a_second(large: Path) -> None:
    words = random.Random(0)
    prompt = [words.randrange(3, 16000) for _ in range(4000)]
    schedule = Schedule(sequences=1, cells=4096, unified=True, batch=4096, ubatch=4096)
    with Engine(large, threads=1, context=4096) as engine:
        start = time.monotonic()
        list(engine.generate([prompt[:1000]], 1, schedule=schedule))
        assert time.monotonic() - start > 0.1, "too fast a machine for this test to mean anything"
        struck: list[float] = []

        def strike() -> None:
            struck.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)

        timer = threading.Timer(0.15, strike)
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            list(engine.generate([prompt], 1, schedule=schedule))
        assert time.monotonic() - struck[0] < 1
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert len(list(engine.generate([prompt[:20]], 4))) == 1


def test_after_a_ctrl_c_amid_shared_rows_the_answers_are_the_same(
    engine: Engine, prompts: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = partial(engine.generate, max_tokens=ANSWER, candidates=4, schedule=SIDE_BY_SIDE)
    before = texts(ask(prompts))
    plain, struck = llama_cpp.llama_decode, list[bool]()

    def decode(context: llama_cpp.llama_context_p, batch: llama_cpp.llama_batch) -> int:
        result: int = plain(context, batch)
        if not struck and any(batch.n_seq_id[row] > 1 for row in range(1, batch.n_tokens)):
            struck.append(True)
            signal.raise_signal(signal.SIGINT)
        return result

    monkeypatch.setattr(llama_cpp, "llama_decode", decode)
    with pytest.raises(KeyboardInterrupt):
        list(ask(prompts))
    assert struck
    assert texts(ask(prompts)) == before


def test_too_little_memory_for_the_cache_makes_it_smaller_and_says_so(large: Path) -> None:
    """In a process that may take 130 MB beyond what it has, with a plan that counts on far more."""
    script = """
        import random, re, resource, sys
        from pathlib import Path
        from localtopics.llama.engine import Engine
        from localtopics.llama.offload import OffloadPlan

        words = random.Random(0)
        shared = [words.randrange(3, 16000) for _ in range(100)]
        prompts = [shared + [words.randrange(3, 16000) for _ in range(900)] for _ in range(64)]
        plan = OffloadPlan(all_layers=5, cells=1 << 20)
        with Engine(Path(sys.argv[1]), plan, threads=1, context=1100) as engine:
            list(engine.generate([prompts[0][:20]], 1))
            now = int(re.search(r"VmSize:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
            resource.setrlimit(resource.RLIMIT_AS, (now + 130 * 2**20,) * 2)
            first = next(engine.generate(prompts, 8, candidates=8))
            print(first.prompt, engine.schedule.total_cells, engine.plan.notes)
    """
    run = [sys.executable, "-c", textwrap.dedent(script), str(large)]
    result = subprocess.run(run, capture_output=True, text=True, cwd=ROOT, check=False)
    assert result.returncode == 0, result.stderr
    assert "did not fit: a smaller one is used" in result.stdout


def test_the_plan_is_kept(engine: Engine) -> None:
    assert isinstance(engine.plan, OffloadPlan)
    assert engine.plan.place == "cpu" or engine.plan.devices


def test_loading_is_followed_and_ctrl_c_stops_it(large: Path) -> None:
    steps: list[int] = []

    @contextmanager
    def progress(description: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
        assert total == 100
        yield steps.append

    Engine(large, threads=1, context=64, progress=progress).close()
    assert sum(steps) == 100

    @contextmanager
    def strike(description: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
        yield lambda _: os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        Engine(large, threads=1, context=64, progress=strike)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
