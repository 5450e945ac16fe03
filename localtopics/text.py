"""Text as it is shown among other words."""


def one_line(text: str) -> str:
    """The text with every run of white space as one space, and without other characters that do not print."""
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(text.split())


def shortened(text: str, length: int) -> str:
    """A text of at most ``length`` characters, with "…" where it was cut."""
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"
