"""Docstrings to running text."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localtopics.demo.prose import prose

SUM = "Adds two numbers."


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        (
            "Sum of the `a`.\n\n    Parameters\n    ----------\n    a : int\n        A number.\n\n"
            "    Notes\n    -----\n    It is fast and\n    exact.\n    ",
            "Sum of the a. It is fast and exact.",
        ),
        (f"{SUM}\n\nArgs:\n    x: one.\n\n    y: two.\n\nIt is fast.", f"{SUM} It is fast."),
        (f"{SUM}\n\nNote:\n    Overflow is ignored.\n", f"{SUM} Overflow is ignored."),
        (f"{SUM}\n\n:param x: the first\n    of them.\n:rtype: int", SUM),
        ("Sum by :func:`~torch.add` and :class:`a number <Number>`.", "Sum by torch.add and a number."),
        (f"{SUM}\n\n>>> 1 + 1\n2\n\nThat is all [1]_.", f"{SUM} That is all."),
        ("f(x,\n  y) -> z\n\nAdds numbers, see `here <https://a.b>`_.", "Adds numbers, see here."),
        (f"{SUM}\n\nFor example::\n\n    code = 1\n\nIt is fast.", f"{SUM} It is fast."),
        (f"{SUM}\n\n.. math::\n    a = b\n\nwhere a is b. It is fast.", f"{SUM} It is fast."),
        (".. deprecated:: 1.0\n   Gone soon.\n\n.. note:: It is *very* fast.", "It is very fast."),
        ("Uses :math:`\\frac{a}{b}` as weight. Both are positive.", "Both are positive."),
        ("Modes are:\n\n- the fast one;\n- the slow, sure one", "the fast one. the slow, sure one."),
        (f"{SUM}\n\n===  ===\na    b\n===  ===\n\nRead more in the :ref:`User Guide <x>`.", SUM),
        ("", ""),
    ],
)
def test_only_running_text_is_left(docstring: str, expected: str) -> None:
    assert " ".join(prose(docstring)) == expected


def test_a_long_docstring() -> None:
    sentences = prose(inspect.getdoc(np.einsum) or "")
    text = " ".join(sentences)
    assert text.startswith("Evaluates the Einstein summation convention on the operands. Using the Einstein")
    assert not any(mark in text for mark in (">>>", "::", "`", "ndarray, optional"))
    assert 100 < len(text.split()) <= 200
    fewer = prose(np.einsum.__doc__ or "", most_words=50)
    assert 0 < len(fewer) < len(sentences)
    assert fewer == sentences[: len(fewer)]


@given(st.text(alphabet=st.sampled_from("aB .:`*-=_>|[]()\\\n \t:1<~+")))
def test_any_text_is_taken(text: str) -> None:
    assert all(sentence and "\n" not in sentence for sentence in prose(text))
