"""Text as it is shown among other words."""


def one_line(text: str) -> str:
    """The text with every run of white space as one space, and without other characters that do not print."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
