"""Topics in, labels out: by a local chat model where there is one, or else by keywords."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from localtopics.corpus.language import is_english
from localtopics.errors import UserError
from localtopics.gguf import read_info
from localtopics.labels.chat_model import ChatModel
from localtopics.labels.chat_server import ChatServer
from localtopics.labels.defaults import LabelDefaults
from localtopics.labels.distinct import keyword_label
from localtopics.labels.generation import LabelGenerator, Question, SecondQuestion
from localtopics.labels.label import Label
from localtopics.labels.look_alikes import evidence, look_alikes
from localtopics.labels.prompt import OTHERS, TOPICS, Prompt, PromptBuilder, PromptText, ask_prompt
from localtopics.labels.scoring import LabelScorer
from localtopics.labels.settings import ANSWER_TOKENS, NO_MODEL, THOUGHT_FRAME, LabelSettings
from localtopics.languages import is_called_english, language_name
from localtopics.llama.answers import Answers
from localtopics.llama.chat import can_think, spell
from localtopics.llama.engine import Engine
from localtopics.models import DEFAULT_MODEL, find_model
from localtopics.progress import Progress, silent
from localtopics.server.address import is_address
from localtopics.topics.topic import OUTLIER, OUTLIER_LABEL, Topic

if TYPE_CHECKING:
    from localtopics.server.engine import ServerEngine

log = logging.getLogger(__name__)


class Namer:
    """Names topics with a local chat model, or with their keywords where there is no model.

    The model is loaded when it is first needed and stays until `close`; use it in a ``with`` block.

    Args:
        model: a GGUF's path, a known model's name or a server's address; None takes the one that
            ``settings`` names, or else the best on this machine, if there is any.
        settings: everything else that can be chosen.

    Raises:
        UserError: the model, the prompt file or a setting cannot be used.
    """

    def __init__(self, model: str | Path | None = None, settings: LabelSettings | None = None) -> None:
        self.model = model
        self.settings = settings
        self._settings = settings or LabelSettings()
        asked = model or self._settings.model
        self._model: ChatModel | ChatServer | None
        if isinstance(asked, str) and is_address(asked):
            self._defaults = LabelDefaults.resolve(self._settings, None)
            self._model = ChatServer(asked, self._settings)
            return
        path = None if asked == NO_MODEL else find_model(asked)
        info = read_info(path) if path else None
        self._defaults = LabelDefaults.resolve(self._settings, info)
        self._model = ChatModel(info, self._settings, self._defaults.context) if info else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the model's memory back; it is loaded again if need be."""
        if self._model is not None:
            self._model.close()

    def check(self) -> None:
        """Raise `UserError` where the model's chat template or its context are no use for the prompt.

        A server is asked whether it has the model.
        """
        if self._model is not None:
            self._builder()
            self._model.check()

    @property
    def chooses(self) -> bool:
        """Whether a model writes several candidates for a topic, so that a scorer has a choice."""
        return self._model is not None and self._defaults.candidates > 1

    @property
    def model_record(self) -> dict[str, Any] | None:
        """What ``run.json`` says of the model; None where keywords name the topics."""
        return None if self._model is None else self._model.record

    def label(
        self,
        topics: Sequence[Topic],
        done: Mapping[int, Label] | None = None,
        progress: Progress = silent,
        scorer: LabelScorer | None = None,
        held: Mapping[int, Sequence[str]] | None = None,
    ) -> Iterator[Label]:
        """Name topics of one level, yielding each label as it is finished, in no particular order.

        A topic whose label in ``done`` came from the same prompt, model and settings is not named again;
        given all ``topics``, those that an interrupted call left over get the labels it would have given.
        Topics whose names are taken for each other are asked for once more, side by side, and yielded again
        where that is done. They may still get the same label: `localtopics.labels.distinct.distinguish`
        gives each its own.

        Args:
            topics: what is to be named; the outliers keep their name, and of a model that was taught English
                alone those in other languages get their keywords.
            done: labels by the number of their topic.
            progress: told of the loading and of each topic.
            scorer: chooses among several candidates; None keeps the one on which most answers agree.
            held: where the topics hold others, the names of those by the topics' numbers, the most important
                first. Their names are asked for by that, and are to be short.

        Raises:
            UserError: the prompt's own text does not fit the context, or the model cannot be loaded.
        """
        done = done or {}
        if any(topic.topic == OUTLIER for topic in topics) and OUTLIER not in done:
            yield Label(OUTLIER, OUTLIER_LABEL, False, (), "", 0.0)
        named = [topic for topic in topics if topic.topic != OUTLIER]
        asked = self._understood(named) if self._model is not None else []
        understood = {topic.topic for topic in asked}
        for topic in named:
            if topic.topic not in understood:
                text = keyword_label(topic.keywords, brief=held is not None)
                label = Label(topic.topic, text, True, (), "", 0.0)
                if done.get(topic.topic) != label:
                    yield label
        if asked:
            first = {topic.topic: done[topic.topic].first for topic in asked if topic.topic in done}
            labels: dict[int, Label] = {}
            generate = partial(self._generator, scorer=scorer, brief=held is not None)
            for label in self._ask_for(self._questions(asked, held), first, progress, generate):
                labels[label.topic] = label
                yield label
            yield from self._tell_apart(asked, first | labels, done, progress, scorer, generate)

    def prompt_of(self, topic: Topic) -> tuple[str, int]:
        """The exact prompt that names ``topic``, with control tokens by name, and how many tokens it takes.

        Raises:
            UserError: there is no model, or the topic is none that a model names: the outliers, a given one.
        """
        if topic.topic == OUTLIER:
            raise UserError("Topic -1 holds the outliers: it is always called so, and no prompt asks for it.")
        if topic.given:
            raise UserError(f"Topic {topic.topic} was given with its name, and no prompt asks for it.")
        tokens = self._prompt(topic, self._builder()).tokens
        for note in self._chat_model.notes:
            log.warning(note, extra={"arguments": ["chat_format"]})
        vocabulary = self._chat_model.vocabulary
        return spell(tokens, vocabulary), -(-len(tokens) // vocabulary.granularity)

    def ask(self, question: str, max_tokens: int = 256) -> Iterator[str]:
        """The model's answer to one question, piece by piece.

        Raises:
            UserError: there is no model, or the question and the answer do not fit its context.
        """
        prompt = ask_prompt(
            question,
            self._chat_model.vocabulary,
            self._defaults.context,
            max_tokens,
            self._settings.chat_format,
        )
        yield from self.loaded().stream(prompt.tokens, max_tokens)

    def loaded(self) -> Engine | ServerEngine:
        """The model, loaded for its answers, or its server.

        Raises:
            UserError: there is no model, it is damaged, there is not enough memory, or no server answers.
        """
        return self._chat_model.engine

    @property
    def _chat_model(self) -> ChatModel | ChatServer:
        if self._model is None:
            raise UserError(
                "There is no language model here: fetch one.", command=f"models pull {DEFAULT_MODEL}"
            )
        return self._model

    def _understood(self, topics: Sequence[Topic]) -> list[Topic]:
        """The topics whose documents the model can read; the user is told of the others."""
        if not self._defaults.english:
            return list(topics)
        understood = [topic for topic in topics if is_english(topic.representative)]
        if understood and not is_called_english(self._settings.label_language):
            log.warning(
                f"{self._chat_model.name} was taught English alone, so no name that it writes is in "
                f"{language_name(self._settings.label_language or '')}. Choose a chat model.",
                extra={"arguments": ["model"]},
            )
        if others := len(topics) - len(understood):
            log.warning(
                f"{others:,} of {len(topics):,} topics are not in English, which is all that "
                f"{self._chat_model.name} was taught: keywords name them. Choose a chat model that "
                "writes their language.",
                extra={"arguments": ["model"]},
            )
        return understood

    def _ask_for(
        self,
        questions: Sequence[Question],
        done: Mapping[int, Label],
        progress: Progress,
        generate: Callable[[Answers], LabelGenerator],
    ) -> Iterator[Label]:
        """The model's labels for the topics that are not done."""
        finished = {
            index: label
            for index, question in enumerate(questions)
            if (label := done.get(question.topic.topic)) and label.prompt_sha256 == question.sha256
        }
        if len(finished) == len(questions):
            return
        with progress("Loading the model", 1) as advance:
            engine = self.loaded()
            advance(1)
        with progress("Naming topics", len(questions)) as advance:
            advance(len(finished))
            for label in generate(engine).labels(questions, finished):
                advance(1)
                yield label

    def _tell_apart(
        self,
        topics: Sequence[Topic],
        labels: Mapping[int, Label],
        done: Mapping[int, Label],
        progress: Progress,
        scorer: LabelScorer | None,
        generate: Callable[[Answers], LabelGenerator],
    ) -> Iterator[Label]:
        """The labels of topics whose first labels are taken for each other, but for those that are done."""
        questions = self._second_questions(topics, labels, scorer)
        hashes = {question.topic.topic: question.sha256 for question in questions}
        before = {
            number: done[number].again_sha256
            for number, label in labels.items()
            if number in done and done[number].first == label
        }
        for number, sha256 in before.items():
            if sha256 and number not in hashes:  # then there were other topics
                yield labels[number]
        finished = {
            place
            for place, question in enumerate(questions)
            if before.get(question.topic.topic) == question.sha256
        }
        if len(finished) == len(questions):
            return
        with progress("Telling topics apart", len(questions)) as advance:
            advance(len(finished))
            for label in generate(self.loaded()).labels_apart(questions, finished):
                advance(1)
                yield label

    def _second_questions(
        self, topics: Sequence[Topic], labels: Mapping[int, Label], scorer: LabelScorer | None
    ) -> list[SecondQuestion]:
        """For each topic whose label is taken for others', the prompt that tells it apart from these."""
        names = {number: label.text for number, label in labels.items() if not label.fallback}
        rivals = look_alikes(names, scorer)
        if not rivals:
            return []
        by_number = {topic.topic: topic for topic in topics}
        builder = self._special_builder(self._defaults.text.asking_again, OTHERS)
        questions = []
        for number, others in rivals.items():
            shown = evidence(by_number[number], [by_number[other] for other in others], names, scorer)
            documents = shown.documents[: self._defaults.documents]
            tokens = builder.build(documents, shown.keywords[: self._defaults.keywords], shown.others).tokens
            question = SecondQuestion(
                by_number[number], tokens, self._hash(tokens), label=labels[number], rivals=others
            )
            questions.append(question)
        return questions

    def _generator(self, engine: Answers, scorer: LabelScorer | None, brief: bool) -> LabelGenerator:
        vocabulary, seed = self._chat_model.vocabulary, self._settings.seed
        return LabelGenerator(
            engine, vocabulary, self._defaults, seed, scorer, thinking=self._thinking, brief=brief
        )

    def _questions(self, topics: Sequence[Topic], held: Mapping[int, Sequence[str]] | None) -> list[Question]:
        if held is None:
            builder = self._builder()
            prompts = [self._prompt(topic, builder) for topic in topics]
        else:
            builder = self._special_builder(self._defaults.text.asking_broader, TOPICS)
            prompts = [self._broader_prompt(topic, builder, held.get(topic.topic, ())) for topic in topics]
        tokens = [prompt.tokens for prompt in prompts]
        return [Question(topic, own, self._hash(own)) for topic, own in zip(topics, tokens, strict=True)]

    def _broader_prompt(self, topic: Topic, builder: PromptBuilder, names: Sequence[str]) -> Prompt:
        """The prompt for a topic that holds others; without a slot for their names these are its documents.

        A few documents of so many say little: shown them, a small model names one of the topics within.
        """
        if self._defaults.text.asking_broader is self._defaults.text and names:
            shown = min(self._defaults.documents, len(names))
            joined = tuple(", ".join(names[place::shown]) for place in range(shown))
            topic = replace(topic, representative=joined, keywords=())
        return self._prompt(topic, builder, names)

    @property
    def _thinking(self) -> int:
        """The most tokens that the model may think; 0 for one that cannot, of which the user is told."""
        thinks = can_think(self._chat_model.vocabulary, self._settings.chat_format)
        return self._settings.thinking if thinks else 0

    def _special_builder(self, text: PromptText, beside: str) -> PromptBuilder:
        """What builds prompts with a slot more: as the first ones where there is no such text, or no room."""
        if text is self._defaults.text:
            return self._builder()
        try:
            return self._builder(text, beside)
        except UserError:
            return self._builder()

    def _builder(self, text: PromptText | None = None, beside: str = "") -> PromptBuilder:
        defaults, thinking = self._defaults, self._thinking
        return PromptBuilder(
            text or defaults.text,
            self._chat_model.vocabulary,
            defaults.context,
            document_tokens=defaults.document_tokens,
            answer_tokens=ANSWER_TOKENS + (thinking and thinking + THOUGHT_FRAME),
            characters=defaults.characters,
            chat_format=self._settings.chat_format,
            thinking=thinking > 0,
            beside=beside,
        )

    def _prompt(self, topic: Topic, builder: PromptBuilder, beside: Sequence[str] = ()) -> Prompt:
        documents = topic.representative[: self._defaults.documents]
        return builder.build(documents, topic.keywords[: self._defaults.keywords], beside)

    def _hash(self, prompt: Sequence[int]) -> str:
        """Of all that decides the answer; how the model says it wants to be asked is in its fingerprint."""
        fingerprint, candidates = self._chat_model.fingerprint, self._defaults.candidates
        parts: list[Any] = [fingerprint, candidates, self._settings.seed, ANSWER_TOKENS, prompt]
        if self._defaults.min_p:  # the values of a nucleus have never changed, so no hash needs them
            parts += [self._defaults.temperature, self._defaults.min_p]
        if self._thinking:
            parts.append({"thinking": self._thinking})
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
