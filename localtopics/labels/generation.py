"""From prompts to labels: the model's answers, a second attempt where they are no use, the best of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TypeVar

from localtopics.labels.defaults import LabelDefaults
from localtopics.labels.distinct import keyword_label
from localtopics.labels.label import Label
from localtopics.labels.phrases import phrases
from localtopics.labels.scoring import LabelScorer, choose
from localtopics.labels.settings import ANSWER_TOKENS
from localtopics.labels.thinking import with_thoughts
from localtopics.llama.answers import Answers, Generation
from localtopics.llama.chat import NO_THOUGHT, THOUGHT, Tokenizer
from localtopics.llama.sampler import Sampling
from localtopics.topics.topic import Topic

_SCORED_TOGETHER = 8
"""Topics whose candidates are embedded together, in half of the time that they take one by one."""
_THOUGHT_TOGETHER = 16
"""Topics that are thought about together; of these a resumed run thinks again about all."""
_SECOND_ATTEMPT = 2
"""Answers of a second attempt, the greedy one and a sampled one; of a model that thought, all of them."""


@dataclass(frozen=True)
class Question:
    """A topic and the prompt that asks for its name."""

    topic: Topic
    tokens: tuple[int, ...]
    """The prompt."""
    sha256: str
    """As `Label.prompt_sha256`."""
    seconds: float = 0.0
    """What the prompt itself took: the model may have thought about it."""


@dataclass(frozen=True)
class SecondQuestion(Question):
    """The prompt that asks anew for the name of a topic which is taken for others."""

    label: Label = field(kw_only=True)
    """What it is called so far."""
    rivals: tuple[int, ...] = field(kw_only=True)
    """The topics that it is taken for."""


_Asked = TypeVar("_Asked", bound=Question)


class LabelGenerator:
    """Has a model answer prompts, and makes a label of each topic's answers.

    Args:
        engine: the loaded model.
        vocabulary: its tokenizer.
        defaults: how it is asked.
        seed: of the sampling.
        scorer: by what the best of several candidates is chosen; None: by their votes and wording.
        thinking: the most tokens of a thought before the answers; 0 for none.
        brief: whether short names are wanted, as of topics that hold others.
    """

    def __init__(
        self,
        engine: Answers,
        vocabulary: Tokenizer,
        defaults: LabelDefaults,
        seed: int,
        scorer: LabelScorer | None = None,
        *,
        thinking: int = 0,
        brief: bool = False,
    ) -> None:
        self._engine = engine
        self._vocabulary = vocabulary
        self._defaults = defaults
        self._sampling = Sampling(defaults.temperature, defaults.top_p, seed, defaults.min_p)
        self._scorer = scorer if defaults.candidates > 1 else None
        self._thinking = thinking
        self._brief = brief

    def labels(self, questions: Sequence[Question], finished: Mapping[int, Label]) -> Iterator[Label]:
        """Label the topics of the questions whose index is not in ``finished``, in no particular order.

        A topic none of whose answers is usable is asked once more; if that fails too it gets its keywords.
        The engine is given the finished prompts as well, for the same answers as without an interruption.
        """
        if not self._thinking:
            yield from self._labels(questions, finished)
            return
        for start in range(0, len(questions), _THOUGHT_TOGETHER):
            part = questions[start : start + _THOUGHT_TOGETHER]
            places = range(start, start + len(part))
            done = {index - start: label for index, label in finished.items() if index in places}
            if len(done) < len(part):
                yield from self._labels(self._thought_over(part), done)

    def _thought_over(self, questions: Sequence[_Asked]) -> list[_Asked]:
        """The questions, each with what the model thinks of it before it answers."""
        prompts = [question.tokens for question in questions]
        thoughts = with_thoughts(self._engine, self._vocabulary, prompts, self._thinking, self._sampling.seed)
        return [
            replace(question, tokens=tokens, seconds=seconds)
            for question, (tokens, seconds) in zip(questions, thoughts, strict=True)
        ]

    def labels_apart(self, questions: Sequence[SecondQuestion], finished: Collection[int]) -> Iterator[Label]:
        """Label the topics of the questions that are not in ``finished`` so that none is taken for others.

        The new answers and the first ones compete. Without a scorer, which knows what tells topics apart, the
        new answers alone do.
        """
        if self._thinking:
            questions = self._thought_over(questions)
        generations = self._engine.generate(
            [question.tokens for question in questions],
            ANSWER_TOKENS,
            self._defaults.candidates,
            replace(self._sampling, seed=self._sampling.seed + 2),
            skip=finished,
        )
        for generation in generations:
            yield self._apart(questions[generation.prompt], generation)

    def _apart(self, question: SecondQuestion, generation: Generation) -> Label:
        """The topic's label by all that the model answered."""
        label, others = question.label, self._others(question.topic)
        before = [candidate.text for candidate in label.candidates] if self._scorer else []
        answers = [text for text in before if text not in others] + self._answers(generation)
        choice = choose(label.topic, answers, others, self._scorer, question.rivals, brief=self._brief)
        return replace(
            label,
            text=choice.text or label.text,
            again=choice.candidates,
            again_sha256=question.sha256,
            seconds=label.seconds + question.seconds + generation.seconds,
        )

    def _labels(self, questions: Sequence[Question], finished: Mapping[int, Label]) -> Iterator[Label]:
        labels = dict(finished)
        for index, label in self._first_attempt(questions, finished):
            labels[index] = label
            if not label.fallback:
                yield label
        failed = [index for index in range(len(questions)) if self._failed(labels[index])]
        yield from self._second_attempt(questions, labels, failed, finished)

    def _first_attempt(
        self, questions: Sequence[Question], finished: Mapping[int, Label]
    ) -> Iterator[tuple[int, Label]]:
        """The index and the label of each question that is not finished, by its keywords if need be."""
        generations = self._engine.generate(
            [question.tokens for question in questions],
            ANSWER_TOKENS,
            self._defaults.candidates,
            self._sampling,
            skip=finished.keys(),
        )
        while group := list(islice(generations, _SCORED_TOGETHER if self._scorer else 1)):
            answers = [self._answers(generation) for generation in group]
            others = [self._others(questions[generation.prompt].topic) for generation in group]
            if self._scorer is not None:
                self._scorer.read([text for texts in (*answers, *others) for text in texts])
            for generation, texts, more in zip(group, answers, others, strict=True):
                question = questions[generation.prompt]
                seconds = question.seconds + generation.seconds
                yield generation.prompt, self._label(question, texts, more, seconds)

    def _second_attempt(
        self,
        questions: Sequence[Question],
        labels: Mapping[int, Label],
        failed: Sequence[int],
        finished: Mapping[int, Label],
    ) -> Iterator[Label]:
        """Labels of the failed questions, by what the model answered at first and what it answers now."""
        first = [labels[index].candidates[0].text for index in failed]
        thought = any(text.startswith(THOUGHT) for text in first)
        generations = self._engine.generate(
            [self._longer(questions[index].tokens, text) for index, text in zip(failed, first, strict=True)],
            ANSWER_TOKENS,
            max(_SECOND_ATTEMPT, self._defaults.candidates) if thought else _SECOND_ATTEMPT,
            replace(self._sampling, seed=self._sampling.seed + 1),
            skip={place for place, index in enumerate(failed) if index in finished},
        )
        for generation in generations:
            index = failed[generation.prompt]
            before = labels[index]
            texts = [candidate.text for candidate in before.candidates] + self._answers(generation)
            others = self._others(questions[index].topic)
            yield self._label(questions[index], texts, others, before.seconds + generation.seconds)

    def _failed(self, label: Label) -> bool:
        """Whether none of the first attempt's answers was usable."""
        first = label.candidates[: self._defaults.candidates]
        return all(candidate.score is None for candidate in first)

    def _label(
        self, question: Question, answers: Sequence[str], others: Sequence[str], seconds: float
    ) -> Label:
        """The label that the model's answers give, or phrases beside them, or else the topic's keywords."""
        topic = question.topic
        choice = choose(topic.topic, answers, others, self._scorer, brief=self._brief)
        text = choice.text or keyword_label(topic.keywords, brief=self._brief)
        return Label(topic.topic, text, choice.text is None, choice.candidates, question.sha256, seconds)

    def _others(self, topic: Topic) -> list[str]:
        """Phrases of the representative documents, which compete with the model's answers for a scorer.

        None for a topic that holds others: they would be of one of these.
        """
        if self._scorer is None or self._brief:
            return []
        return phrases(topic.representative, topic.keywords, self._defaults.phrases)

    def _answers(self, generation: Generation) -> list[str]:
        """The answers, with "…" where one was cut for its length."""
        return [f"{text}…" if self._was_cut(text) else text for text in generation.texts]

    def _was_cut(self, text: str) -> bool:
        most = (ANSWER_TOKENS - 1) * self._vocabulary.granularity
        return not text.endswith("…") and len(self._vocabulary.encode(text, special=False)) >= most

    def _longer(self, prompt: tuple[int, ...], answer: str) -> tuple[int, ...]:
        """The prompt of the second attempt, where there is room for more than that of the first.

        An answer that only announced a label ("Here it is:") goes on; one that began to think goes on behind
        a thought without words.
        """
        begun = f"{answer}\n" if answer.endswith(":") else NO_THOUGHT if answer.startswith(THOUGHT) else ""
        longer = (*prompt, *self._vocabulary.encode(begun, special=begun == NO_THOUGHT))
        room = (self._defaults.context - ANSWER_TOKENS) * self._vocabulary.granularity
        return longer if len(longer) <= room else prompt
