"""The chat model behind a server that writes labels: asked for when it is first needed, recorded."""

from __future__ import annotations

import hashlib
import json
import logging
from functools import cached_property
from typing import TYPE_CHECKING, Any

from localtopics.errors import UserError
from localtopics.labels.settings import LabelSettings
from localtopics.server.address import ServerAddress
from localtopics.server.vocabulary import ServerVocabulary

if TYPE_CHECKING:
    from localtopics.server.engine import ServerEngine

log = logging.getLogger(__name__)

_SHOWN = 10
"""The most models of a server that a sentence lists."""


class ChatServer:
    """A server's model in the place of `localtopics.labels.chat_model.ChatModel`.

    It can be pickled: the copy asks the server anew.

    Args:
        name: the address, as `ServerAddress.parse` takes it.
        settings: how it is asked, and whether it may be another machine.

    Raises:
        UserError: the address is wrong, or of another machine, which was not allowed.
    """

    def __init__(self, name: str, settings: LabelSettings) -> None:
        self._address = ServerAddress.parse(name)
        if not settings.allow_remote:
            self._address.require_here()
        if settings.chat_format != "auto":
            raise UserError(
                "A server puts prompts into its model's chat format by itself: leave the format away.",
                arguments=["chat_format"],
            )
        self._thinking = settings.thinking
        self._engine: ServerEngine | None = None
        self.vocabulary = ServerVocabulary()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_engine": None}

    @property
    def name(self) -> str:
        """The model's id at the server."""
        return str(self.info["id"])

    @property
    def engine(self) -> ServerEngine:
        """What answers prompts.

        Raises:
            UserError: as `info`.
        """
        if self._engine is None:
            from localtopics.server.client import Client
            from localtopics.server.engine import ServerEngine

            self._engine = ServerEngine(Client(self._address), self.name, self._thinking)
        return self._engine

    def check(self) -> None:
        """Ask the server for its model, and say where texts go if that is another machine.

        Raises:
            UserError: as `info`.
        """
        if not self._address.is_here:
            log.warning(
                f"Texts of documents go to {self._address.host}, another machine, where {self.name} names "
                "topics."
            )
        _ = self.info

    @cached_property
    def info(self) -> dict[str, Any]:
        """What the server says of the model.

        Raises:
            UserError: the server does not answer, or it is not clear which of its models is meant.
        """
        from localtopics.server.client import Client

        address, client = self._address, Client(self._address)
        try:
            models = client.models()
        finally:
            client.close()
        if address.model is None and len(models) == 1:
            return models[0]
        for model in models:
            if model["id"] == address.model:
                return model
        names = ", ".join(model["id"] for model in models[:_SHOWN]) + (", …" if len(models) > _SHOWN else "")
        missing = "several models" if address.model is None else f"no model {address.model}"
        raise UserError(
            f"The server {address.url} has {missing if models else 'no models'}"
            + (f"; write one of these behind {address.url}#: {names}." if models else ": load one there."),
            arguments=["model"],
        )

    @property
    def notes(self) -> list[str]:
        """What the user should know about how the model is asked: nothing."""
        return []

    @property
    def record(self) -> dict[str, Any]:
        """What ``run.json`` says of the model."""
        return {"name": self.name, "server": self._address.url, "fingerprint": self.fingerprint}

    @cached_property
    def fingerprint(self) -> str:
        """A hash of what decides answers: the server's address, the model as it tells of it, and thoughts.

        Of the model's size llama.cpp's server tells, of the weights' name vLLM's; what changes from call to
        call, such as a time, is left away.
        """
        meta = self.info.get("meta")
        size = {name: meta.get(name) for name in ("n_params", "size")} if isinstance(meta, dict) else {}
        parts = [self._address.url, self.name, self.info.get("root"), size, self._thinking]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def close(self) -> None:
        """Close the connections; they are opened again if need be."""
        if self._engine is not None:
            self._engine.close()
        self._engine = None
