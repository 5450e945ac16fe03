"""What can be chosen about labelling."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LabelSettings:
    """How topics are named; None leaves the choice to the model's own metadata or to this machine.

    The second group says only how the machine is used: it changes the speed, not what was asked for.
    """

    model: str | None = None
    """A GGUF's path, a known model's name, or "none" for keywords; None takes the best on this machine."""
    prompt: str | None = None
    """Path of a prompt file that replaces the built-in prompt."""
    documents: int | None = None
    """Representative documents shown to the model, a topic."""
    document_tokens: int | None = None
    """The most tokens of one document that the model is shown."""
    candidates: int | None = None
    """Labels drawn for a topic, of which the best is kept."""
    seed: int = 42

    gpu_layers: int | str = "auto"
    """Layers on the GPU: a number, "auto" or "all"."""
    threads: int | None = None
    context: int | None = None
    """The most tokens of one prompt and its answer."""
    vram: str | None = None
    """Use no more GPU memory than this, such as "6GiB"."""

    raw_cells: bool = False
    """Leave cells of topics.csv as they are that a spreadsheet would run."""

    MACHINE = ("gpu_layers", "threads", "context", "vram", "raw_cells")
