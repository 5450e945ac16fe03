"""Text as it is shown among other words."""


def one_line(text: str) -> str:
    """The text with every run of white space as one space, and without other characters that do not print."""
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(text.split())


def shortened(text: str, length: int) -> str:
    """A text of at most ``length`` characters, with "…" where it was cut."""
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def time_in_words(seconds: float) -> str:
    """A time as one would say it: in tens of seconds, in minutes, or from two hours on in hours."""
    if seconds < 55:
        return f"{max(10, round(seconds, -1)):.0f} seconds"
    if seconds < 7200:
        minutes = max(1, round(seconds / 60))
        return f"{minutes} minute{'s' * (minutes != 1)}"
    return f"{seconds / 3600:,.0f} hours"


def size_in_words(size: float) -> str:
    """A number of bytes in megabytes, or from a gigabyte on in gigabytes."""
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{max(1, round(size / 1e6))} MB"
