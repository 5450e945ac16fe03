"""What was decided about a source as it was read: each is said once, and kept with the documents."""

from __future__ import annotations

import logging

log = logging.getLogger(__name__)


class Decisions(dict[str, str]):
    """What was decided, by its name, such as ``encoding``."""

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__()
        self._quiet = quiet

    def note(self, name: str, value: str, said: str, *values: object, level: int = logging.INFO) -> None:
        """Keep what was decided, and say it unless it has been.

        Args:
            name: of the decision.
            value: what was decided.
            said: the line that is said, and ``values`` for it, as for a logger.
            level: how loudly, as for a logger.
        """
        if self.get(name) != value:
            self[name] = value
            if not self._quiet:
                log.log(level, said, *values)
