"""The local chat model that writes labels: opened when it is first needed, closed, recorded."""

from __future__ import annotations

import hashlib
import logging
from functools import cached_property
from typing import Any

from localtopics.gguf import ModelInfo
from localtopics.labels.settings import LabelSettings, size_in_bytes
from localtopics.llama.chat import can_think, chosen_format
from localtopics.llama.engine import Engine
from localtopics.llama.offload import plan_offload
from localtopics.llama.vocabulary import Vocabulary

log = logging.getLogger(__name__)

_SAMPLES, _SAMPLE_BYTES = 64, 65536


class ChatModel:
    """A model's file, its vocabulary and its engine, which are opened when they are first needed.

    It can be pickled: the copy opens the file anew.

    Args:
        info: what the file's header says.
        settings: what of the model goes on which hardware, and the chat format.
        context: the most tokens of a prompt and its answer.
    """

    def __init__(self, info: ModelInfo, settings: LabelSettings, context: int) -> None:
        self.info = info
        self._settings = settings
        self._context = context
        self._vocabulary: Vocabulary | None = None
        self._engine: Engine | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_engine": None, "_vocabulary": None}

    @property
    def name(self) -> str:
        """What the file's header calls the model."""
        return self.info.name

    def check(self) -> None:
        """Nothing is left to check: the header was read."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The model's tokenizer; of the file nothing else is loaded."""
        if self._vocabulary is None:
            self._vocabulary = Vocabulary.open(self.info.path)
        return self._vocabulary

    @property
    def engine(self) -> Engine:
        """The loaded model.

        Raises:
            UserError: the file is damaged, or there is not enough memory.
        """
        if self._engine is None:
            settings = self._settings
            vram = None if settings.vram is None else size_in_bytes(settings.vram)
            plan = plan_offload(self.info, settings.gpu_layers, self._context, vram)
            for note in self.notes:
                plan = plan.noting(note)
            self._engine = Engine(self.info.path, plan, settings.threads, self._context)
            for note in self._engine.plan.notes:
                log.warning(note)
        return self._engine

    @property
    def notes(self) -> list[str]:
        """What the user should know about how the model is asked."""
        name, chat_format = self.info.path.name, self._settings.chat_format
        notes = []
        if chat_format == "auto" and chosen_format(self.vocabulary) == "plain":
            notes.append(
                f"{name} has no chat template, so it is asked in plain text, as a base model, unless another "
                "chat format is chosen."
            )
        if self._settings.thinking and not can_think(self.vocabulary, chat_format):
            notes.append(f"{name} has no chat template with a place for thoughts: it answers without.")
        return notes

    @property
    def record(self) -> dict[str, Any]:
        """What ``run.json`` says of the model."""
        return {
            "name": self.info.name,
            "path": str(self.info.path),
            "bytes": self.info.file_bytes,
            "quantization": self.info.quantization,
            "fingerprint": self.fingerprint,
        }

    @cached_property
    def fingerprint(self) -> str:
        """A hash that tells models apart without reading all of them: of each file's size and 64 samples."""
        digest = hashlib.sha256()
        for path in self.info.parts:
            size = path.stat().st_size
            digest.update(str(size).encode())
            with path.open("rb") as file:
                for sample in range(_SAMPLES):
                    file.seek(size * sample // _SAMPLES)
                    digest.update(file.read(_SAMPLE_BYTES))
        return digest.hexdigest()

    def close(self) -> None:
        """Give the model's memory back; it is loaded again if need be."""
        if self._engine is not None:
            self._engine.close()
        self._engine = self._vocabulary = None
