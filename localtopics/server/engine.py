"""Prompts in, texts out: by a chat model behind a server, several requests at a time."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Collection, Iterator, Sequence
from multiprocessing.pool import ThreadPool
from threading import Event
from typing import Any

from localtopics.errors import UserError
from localtopics.llama.answers import Generation, first_line
from localtopics.llama.chat import THOUGHT, THOUGHT_END, Message
from localtopics.llama.sampler import Sampling
from localtopics.server.client import TOGETHER, Client, RefusedError
from localtopics.server.vocabulary import ServerVocabulary

log = logging.getLogger(__name__)

_THOUGHT_TOKENS = 2048
"""Room for the thoughts of a model that does not stop thinking when it is told to."""
_SHORTEST = 40
"""Characters of a line below which a prompt is not made shorter."""
_MAY_BE_UNKNOWN = ("chat_template_kwargs", "min_p", "top_p", "seed")
"""What some servers refuse to be told, and which is left away then."""
_TOO_LONG = ("context", "too long", "too many tokens", "exceed")
"""Words of which one is in each server's sentence for a prompt that is longer than its model reads."""


class ServerEngine:
    """A chat model behind a server that answers prompts.

    Each candidate is a request of its own with a seed of its own, since not all servers give several
    answers to one; they keep a prompt's beginning, so it is read once as a rule.

    Args:
        client: speaks with the server.
        model: the model's id there.
        thinking: the most tokens that the model may think before an answer; 0: it is told not to think.
    """

    def __init__(self, client: Client, model: str, thinking: int = 0) -> None:
        self._client = client
        self._model = model
        self._vocabulary = ServerVocabulary()
        self._thinks = thinking > 0
        self._thoughts = thinking
        self._unknown: set[str] = set()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def generate(
        self,
        prompts: Sequence[Sequence[int]],
        max_tokens: int = 32,
        candidates: int = 1,
        sampling: Sampling | None = None,
        skip: Collection[int] = (),
        *,
        thoughts: bool = False,
    ) -> Iterator[Generation]:
        """As `localtopics.llama.answers.Answers.generate`, in the prompts' order.

        No thoughts can be asked for: a model behind a server thinks before each answer, and what it thought
        is left away. A prompt that is too long for the server is made shorter.

        Raises:
            UserError: the server fails; what it answered before was yielded.
        """
        sampling = sampling or Sampling()
        same: dict[tuple[int, ...], list[int]] = {}
        for index, prompt in enumerate(prompts):
            if index not in skip:
                same.setdefault(tuple(prompt), []).append(index)
        tasks = [(prompt, candidate) for prompt in same for candidate in range(candidates)]
        if not tasks:
            return
        since = time.perf_counter()
        failed = Event()

        def answer(task: tuple[tuple[int, ...], int]) -> str:
            if failed.is_set():  # by a task before this one, so nobody will read it
                return ""
            try:
                return self._answer(*task, max_tokens, sampling)
            except BaseException:
                failed.set()
                raise

        with ThreadPool(min(TOGETHER, len(tasks))) as pool:
            answers = pool.imap(answer, tasks)
            for indices in same.values():
                texts = tuple(next(answers) for _ in range(candidates))
                seconds = (time.perf_counter() - since) / len(indices)
                yield from (Generation(index, texts, seconds) for index in indices)
                since = time.perf_counter()

    def stream(self, prompt: Sequence[int], max_tokens: int = 512) -> Iterator[str]:
        """The greedy answer to one prompt, piece by piece, as the server sends it.

        Raises:
            UserError: the server fails, or refuses the prompt.
        """
        messages = self._vocabulary.messages(prompt)
        while True:
            body = self._body(messages, max_tokens, _seed(prompt, 0, 0), None)
            begun = False
            try:
                for piece in self._client.stream(body):
                    piece = piece if begun else piece.lstrip()
                    begun = begun or bool(piece)
                    if piece:
                        yield piece
                return
            except RefusedError as error:
                self._without_what_is_unknown(error, body)

    def _answer(self, prompt: tuple[int, ...], candidate: int, max_tokens: int, sampling: Sampling) -> str:
        """One candidate, "" where the model only thought."""
        messages = self._vocabulary.messages(prompt)
        seed = _seed(prompt, candidate, sampling.seed)
        while True:
            room = self._thoughts
            body = self._body(messages, max_tokens + room, seed, sampling if candidate else None)
            try:
                choice = self._client.chat(body)
            except RefusedError as error:
                if any(word in str(error).lower() for word in _TOO_LONG):
                    messages = _shorter(messages, error)
                else:
                    self._without_what_is_unknown(error, body)
                continue
            text = str(choice["message"].get("content") or "")
            thought = THOUGHT in text or THOUGHT_END in text or _reasoning(choice["message"])
            text = "" if THOUGHT in text and THOUGHT_END not in text else text.rpartition(THOUGHT_END)[2]
            if thought and not text.strip() and room < _THOUGHT_TOKENS and not self._thinks:
                self._make_room()
                continue
            line, ended = first_line(text.strip())
            return f"{line}…" if line and not ended and choice.get("finish_reason") == "length" else line

    def _body(
        self, messages: Sequence[Message], max_tokens: int, seed: int, sampling: Sampling | None
    ) -> dict[str, Any]:
        """What is asked of the server; without a sampling for the likeliest words."""
        drawn = sampling is not None and not sampling.greedy
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [message._asdict() for message in messages],
            "max_tokens": max_tokens,
            "temperature": sampling.temperature if sampling and drawn else 0,
            "seed": seed,
            "chat_template_kwargs": {"enable_thinking": self._thinks},
        }
        if sampling and drawn:
            body["top_p"] = sampling.top_p  # of the two some servers know this one alone
            if sampling.min_p:
                body["min_p"] = sampling.min_p
        return {name: value for name, value in body.items() if name not in self._unknown}

    def _without_what_is_unknown(self, error: RefusedError, body: dict[str, Any]) -> None:
        """Note what the server does not want to be told, or raise its words as a `UserError`."""
        unknown = [name for name in _MAY_BE_UNKNOWN if name in body and name in str(error)]
        if not unknown:
            raise UserError(f"The server does not answer for {self._model}: {str(error).rstrip('.')}.")
        self._unknown.update(unknown)

    def _make_room(self) -> None:
        if self._thoughts < _THOUGHT_TOKENS:
            self._thoughts = _THOUGHT_TOKENS
            log.warning(
                f"{self._model} thinks before it answers, although it was told not to, which takes long: "
                "switch that off at the server, or choose another model."
            )


def _seed(prompt: Sequence[int], candidate: int, seed: int) -> int:
    """A seed from 0 to 2^31 - 1 that depends on the prompt, not on its place among others."""
    digest = hashlib.sha256(repr((seed, tuple(prompt), candidate)).encode()).digest()
    return int.from_bytes(digest[:4]) >> 1


def _reasoning(message: dict[str, Any]) -> bool:
    return bool(message.get("reasoning_content") or message.get("reasoning"))


def _shorter(messages: Sequence[Message], error: RefusedError) -> list[Message]:
    """The same request with shorter lines of documents, and at last without the worked example.

    Raises:
        UserError: it cannot be made shorter.
    """
    *turns, last = messages
    lines = last.content.split("\n")
    listed = [len(line) for line in lines if line.startswith("- ")]
    if listed and max(listed) > _SHORTEST:
        most = max(_SHORTEST, max(listed) * 2 // 3)
        cut = [line[:most].rstrip() if line.startswith("- ") else line for line in lines]
        return [*turns, Message(last.role, "\n".join(cut))]
    if len(turns) > 1:
        return [*(turn for turn in turns if turn.role == "system"), last]
    raise UserError(
        f"The prompts do not fit what the server reads ({str(error).rstrip('.')}): start it with a longer "
        "context."
    )
