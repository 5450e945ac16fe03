"""Topics in, labels out: the model, its prompts, its answers and what to do when they are no use."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from localtopics.errors import UserError
from localtopics.gguf import ModelInfo, read_info
from localtopics.labels.phrases import phrases, titled
from localtopics.labels.prompt import DEFAULT, Prompt, PromptBuilder, PromptText, ask_prompt, read_prompt
from localtopics.labels.selection import Label, choose, clean, keyword_label
from localtopics.labels.settings import DOCUMENT_TOKENS, LabelSettings, size_in_bytes
from localtopics.llama.chat import chosen_format, spell
from localtopics.models import DEFAULT_MODEL, find_model
from localtopics.progress import Progress, silent
from localtopics.topics.topic import OUTLIER, OUTLIER_LABEL

if TYPE_CHECKING:
    from localtopics.labels.scoring import LabelScorer
    from localtopics.llama.engine import Engine, Vocabulary
    from localtopics.topics.topic import Topic

log = logging.getLogger(__name__)

NO_MODEL = "none"
"""As a model's name: keywords name the topics."""
_JUDGED_TOGETHER = 8
"""Topics whose candidates are embedded together, in half of the time that they take one by one."""
ANSWER_TOKENS = 32
"""The most tokens of an answer; eight words of English take about sixteen."""


@dataclass(frozen=True)
class Asking:
    """How a model is asked, where the user does not say otherwise.

    A GGUF may hold how it was trained to be asked, as metadata: ``localtopics.prompt.`` and the name of one
    of these numbers, or of a part of `PromptText`.
    """

    documents: int = 4
    characters: int | None = None
    """The most characters of one document, beside the most tokens."""
    document_tokens: int = DOCUMENT_TOKENS
    keywords: int = 10
    candidates: int = 4
    phrases: int = 0
    """Phrases of the documents that compete with the model's candidates for being the label."""
    temperature: float = 0.8
    """How the candidates after the first are drawn, and …"""
    top_p: float = 0.95
    """… from how much of the probability."""
    title_case: int = 0
    """Whether answers are put into title case: what was trained by an embedding may not know of case."""
    context: int = 2048
    text: PromptText = DEFAULT


class Namer:
    """Names topics with a local chat model, or with their keywords where there is no model.

    The model is loaded when it is first needed and stays until `close`; use it in a ``with`` block.

    Args:
        model: a GGUF's path or a known model's name; None takes the one that ``settings`` names, or else
            the best on this machine, if there is any.
        settings: everything else that can be chosen.

    Raises:
        UserError: the model, the prompt file or a setting cannot be used.
    """

    def __init__(self, model: str | Path | None = None, settings: LabelSettings | None = None) -> None:
        self.model = model
        self.settings = settings
        self._settings = settings or LabelSettings()
        asked = model or self._settings.model
        path = None if asked == NO_MODEL else find_model(asked)
        self._card = read_info(path) if path else None
        self._asking = _asking(self._settings, self._card)
        self._vocabulary: Vocabulary | None = None
        self._engine: Engine | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the model's memory back; it is loaded again if need be."""
        if self._engine is not None:
            self._engine.close()
        self._engine = self._vocabulary = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_engine": None, "_vocabulary": None}

    def check(self) -> None:
        """Raise `UserError` where the model's chat template or its context are no use for the prompt."""
        if self._card is not None:
            self._builder()

    @property
    def chooses(self) -> bool:
        """Whether a model draws several candidates for a topic, so that a judge has a choice."""
        return self._card is not None and self._asking.candidates > 1

    @cached_property
    def model_record(self) -> dict[str, Any] | None:
        """What ``run.json`` says of the model; None where keywords name the topics."""
        if self._card is None:
            return None
        return {
            "name": self._card.name,
            "path": str(self._card.path),
            "bytes": self._card.file_bytes,
            "quantization": self._card.quantization,
            "fingerprint": _fingerprint(self._card),
        }

    def label(
        self,
        topics: Sequence[Topic],
        done: Mapping[int, Label] | None = None,
        progress: Progress = silent,
        judge: LabelScorer | None = None,
    ) -> Iterator[Label]:
        """Name topics, yielding each label as it is finished, in no particular order.

        Of several candidates the best is kept: by ``judge``, or else the one on which most agree.

        A topic whose label in ``done`` came from the same prompt, model and settings is not named again;
        given all ``topics``, those that an interrupted call left over get the labels it would have given.
        Topics may get the same label: `localtopics.labels.selection.distinguish` tells them apart.

        Raises:
            UserError: the prompt's own text does not fit the context, or the model cannot be loaded.
        """
        done = done or {}
        if any(topic.topic == OUTLIER for topic in topics) and OUTLIER not in done:
            yield Label(OUTLIER, OUTLIER_LABEL, False, (), "", 0.0)
        named = [topic for topic in topics if topic.topic != OUTLIER]
        if self._card is None:
            fallbacks = (
                Label(topic.topic, keyword_label(topic.keywords), True, (), "", 0.0) for topic in named
            )
            yield from (label for label in fallbacks if done.get(label.topic) != label)
            return
        builder = self._builder()
        prompts = [self._prompt(topic, builder) for topic in named]
        hashes = [self._hash(prompt) for prompt in prompts]
        finished = {
            index: done[topic.topic]
            for index, topic in enumerate(named)
            if topic.topic in done and done[topic.topic].prompt_sha256 == hashes[index]
        }
        if len(finished) < len(named):
            with progress("Loading the model", 1) as advance:
                self.loaded()
                advance(1)
            with progress("Naming topics", len(named)) as advance:
                advance(len(finished))
                for label in self._name(named, prompts, hashes, finished, judge):
                    advance(1)
                    yield label

    def prompt_of(self, topic: Topic) -> tuple[str, int]:
        """The exact prompt that names ``topic``, with control tokens by name, and how many tokens it takes.

        Raises:
            UserError: there is no model, or the topic is the outliers, which no model names.
        """
        if topic.topic == OUTLIER:
            raise UserError("Topic -1 holds the outliers: it is always called so, and no prompt asks for it.")
        tokens = self._prompt(topic, self._builder()).tokens
        for note in self._notes():
            log.warning(note, extra={"arguments": ["chat_format"]})
        return spell(tokens, self._tokenizer()), len(tokens)

    def ask(self, question: str, max_tokens: int = 256) -> Iterator[str]:
        """The model's answer to one question, piece by piece.

        Raises:
            UserError: there is no model, or the question and the answer do not fit its context.
        """
        asking, tokenizer = self._asking, self._tokenizer()
        prompt = ask_prompt(question, tokenizer, asking.context, max_tokens, self._settings.chat_format)
        yield from self.loaded().stream(prompt.tokens, max_tokens)

    # -- asking

    def _builder(self) -> PromptBuilder:
        asking = self._asking
        return PromptBuilder(
            asking.text,
            self._tokenizer(),
            asking.context,
            asking.document_tokens,
            ANSWER_TOKENS,
            asking.characters,
            self._settings.chat_format,
        )

    def _prompt(self, topic: Topic, builder: PromptBuilder) -> Prompt:
        documents = topic.representative[: self._asking.documents]
        return builder.build(documents, topic.keywords[: self._asking.keywords])

    def _hash(self, prompt: Prompt) -> str:
        """Of all that decides the answer; how the model says it wants to be asked is in its fingerprint."""
        model = (self.model_record or {})["fingerprint"]
        parts = [model, self._asking.candidates, self._settings.seed, ANSWER_TOKENS, prompt.tokens]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    # -- answering

    def _name(
        self,
        topics: Sequence[Topic],
        prompts: Sequence[Prompt],
        hashes: Sequence[str],
        finished: Mapping[int, Label],
        judge: LabelScorer | None,
    ) -> Iterator[Label]:
        """Label the topics whose index is not in ``finished``.

        A topic none of whose answers is usable is asked once more; if that fails too it gets its keywords.
        The engine is given the finished prompts as well, for the same answers as without an interruption.
        """
        from localtopics.llama.engine import Sampling

        engine, count = self.loaded(), self._asking.candidates
        sampling = Sampling(self._asking.temperature, self._asking.top_p, self._settings.seed)
        labels = dict(finished)
        tokens = [prompt.tokens for prompt in prompts]
        generations = engine.generate(tokens, ANSWER_TOKENS, count, sampling, skip=finished.keys())
        while group := list(islice(generations, _JUDGED_TOGETHER if judge else 1)):
            answers = [[self._marked(text) for text in generation.texts] for generation in group]
            others = [self._phrases(topics[generation.prompt]) for generation in group]
            if judge is not None:
                judge.read([text for texts in (*answers, *others) for text in texts])
            for generation, texts, more in zip(group, answers, others, strict=True):
                index, seconds = generation.prompt, generation.seconds
                labels[index] = self._chosen(topics[index], texts, more, judge, hashes[index], seconds)
                if not labels[index].fallback:
                    yield labels[index]
        failed = [
            index
            for index in range(len(topics))
            if all(candidate.score is None for candidate in labels[index].candidates[:count])
        ]
        again = [self._again(tokens[index], labels[index].candidates[0].text) for index in failed]
        skip = {place for place, index in enumerate(failed) if index in finished}
        sampling = replace(sampling, seed=sampling.seed + 1)
        for generation in engine.generate(again, ANSWER_TOKENS, 2, sampling, skip=skip):
            index = failed[generation.prompt]
            before = labels[index]
            texts = [candidate.text for candidate in before.candidates]
            texts += [self._marked(text) for text in generation.texts]
            seconds = before.seconds + generation.seconds
            more = self._phrases(topics[index])
            yield self._chosen(topics[index], texts, more, judge, hashes[index], seconds)

    def _chosen(
        self,
        topic: Topic,
        texts: Sequence[str],
        others: Sequence[str],
        judge: LabelScorer | None,
        prompt_sha256: str,
        seconds: float,
    ) -> Label:
        """The label that the model's answers give, or phrases beside them, or else the topic's keywords."""
        answers = [label for label in map(clean, texts) if label is not None]
        if judge is None or self._asking.candidates == 1 or not answers:
            choice = choose(texts)
        else:
            near = judge.near(topic.topic)
            faithful = judge.faithful(topic.topic, answers)
            choice = choose(texts, faithful, near, others)
        text = choice.text or keyword_label(topic.keywords)
        return Label(topic.topic, text, choice.text is None, choice.candidates, prompt_sha256, seconds)

    def _phrases(self, topic: Topic) -> list[str]:
        """Phrases of the representative documents, which compete with the model's answers."""
        return phrases(topic.representative, topic.keywords, self._asking.phrases)

    def _marked(self, text: str) -> str:
        """The answer, in title case for a model that wants it, with "…" where it was cut for its length."""
        if self._asking.title_case:
            text = titled(text)
        return f"{text}…" if len(self._tokenizer().encode(text, special=False)) >= ANSWER_TOKENS - 1 else text

    def _again(self, prompt: Sequence[int], answer: str) -> tuple[int, ...]:
        """The prompt of the second attempt; an answer that only announced a label ("Here it is:") goes on."""
        if answer.endswith(":"):
            longer = (*prompt, *self._tokenizer().encode(f"{answer}\n", special=False))
            if len(longer) + ANSWER_TOKENS <= self._asking.context:
                return longer
        return tuple(prompt)

    # -- the model

    def _path(self) -> Path:
        if self._card is None:
            raise UserError(
                "There is no language model here: fetch one.", command=f"models pull {DEFAULT_MODEL}"
            )
        return self._card.path

    def _tokenizer(self) -> Vocabulary:
        from localtopics.llama.engine import Vocabulary

        if self._vocabulary is None:
            self._vocabulary = Vocabulary.open(self._path())
        return self._vocabulary

    def _notes(self) -> list[str]:
        """What the user should know about how the model is asked."""
        if self._settings.chat_format != "auto" or chosen_format(self._tokenizer()) != "plain":
            return []
        return [
            f"{self._path().name} has no chat template, so it is asked in plain text, as a base model, "
            "unless another chat format is chosen."
        ]

    def loaded(self) -> Engine:
        """The model, loaded for its answers."""
        from localtopics.llama.engine import Engine
        from localtopics.llama.offload import plan_offload

        path, context = self._path(), self._asking.context
        if self._engine is None and self._card is not None:
            settings = self._settings
            vram = None if settings.vram is None else size_in_bytes(settings.vram)
            plan = plan_offload(self._card, settings.gpu_layers, context, vram)
            for note in self._notes():
                plan = plan.noting(note)
            self._engine = Engine(path, plan, self._settings.threads, context)
            for note in self._engine.plan.notes:
                log.warning(note)
        assert self._engine is not None
        return self._engine


def _asking(settings: LabelSettings, card: ModelInfo | None) -> Asking:
    """What the user asked for, else what the model was trained with, else the built-in values."""
    metadata = card.metadata if card else {}
    asked: dict[str, Any] = {}
    for name in (
        "documents",
        "characters",
        "document_tokens",
        "keywords",
        "candidates",
        "phrases",
        "title_case",
    ):
        trained = metadata.get(f"localtopics.prompt.{name}")
        value = getattr(settings, name, None) or trained
        if isinstance(value, int) and value > 0:
            asked[name] = value
    for name in ("temperature", "top_p"):
        value = metadata.get(f"localtopics.prompt.{name}")
        if isinstance(value, float) and value > 0:
            asked[name] = value
    texts = {
        name: metadata.get(f"localtopics.prompt.{name}", "")
        for name in ("system", "example", "answer", "request")
    }
    if settings.prompt is not None:
        asked["text"] = read_prompt(Path(settings.prompt))
    elif texts["request"]:
        asked["text"] = PromptText(**{name: str(text) for name, text in texts.items()})
    context = settings.context or Asking.context
    return Asking(**asked, context=min(context, card.context_length) if card else context)


def _fingerprint(card: ModelInfo) -> str:
    """A hash that tells models apart without reading all of them: of each file's size and of 64 samples."""
    digest = hashlib.sha256()
    for path in card.parts:
        size = path.stat().st_size
        digest.update(str(size).encode())
        with path.open("rb") as file:
            for sample in range(64):
                file.seek(size * sample // 64)
                digest.update(file.read(65536))
    return digest.hexdigest()
