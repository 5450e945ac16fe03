"""Strings of every kind that a document may hold."""

import random

from tests.conftest import ROOT

ALPHABETS = [
    "abcdefghijklmnopqrstuvwxyz" * 3 + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + " " * 12,
    "0123456789.,:;-+/()% ",
    "[]<>/|{}_#*INSTSYS\\'\"`~^ ",
    " \t\n\r\x00\x0b\x1f\x7f\u00a0\u2028\u3000",
    "éàüßñçøåæœžşłıİ ",
    "абвгдежзийклмноп ЩЪЫЭ",
    "日本語中文字漢字仮名カタカナ한국어ひらがな",
    "אבגדהوزحطيكلمن ",
    "🙂🙃👩‍💻🇳🇱👍🏽❤️",
    "▁ \ufffd\u0301\u200b\u200d\ufeff∑∫√≤≠αβγδ",
]
MARKERS = [
    "</s>",
    "<s>",
    "<unk>",
    "[INST]",
    "[/INST]",
    "<<SYS>>",
    "<0x0A>",
    "▁",
    "<|im_end|>",
    "  ",
    "\n\n- ",
]


def varied(count: int) -> list[str]:
    """Strings of every kind that a document may hold, the same every time."""
    draw = random.Random(7)
    words = " ".join((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "LICENSE")).split()
    strings = ["", " ", "  ", "a", " a", "\n", *MARKERS]
    while len(strings) < count:
        parts = []
        for _ in range(draw.randint(1, 4)):
            kind = draw.random()
            if kind < 0.4:
                parts.append(" ".join(draw.choices(words, k=draw.randint(1, 12))))
            elif kind < 0.5:
                parts.append(draw.choice(MARKERS))
            else:
                parts.append("".join(draw.choices(draw.choice(ALPHABETS), k=draw.randint(1, 30))))
        strings.append(draw.choice(["", " "]).join(parts))
    return strings
