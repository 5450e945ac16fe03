"""What llama.cpp says is kept, and the reason found in it."""

from localtopics.llama.log import clear_log, hear, reason, recording, unreadable

INFO, WARNING, ERROR = 2, 3, 4


def test_the_reason_is_the_first_warning_or_error_that_tells_of_a_failure() -> None:
    clear_log()
    assert reason() == "llama.cpp gave no reason"
    hear(INFO, "load: failed to be quiet")
    hear(WARNING, "load: special tokens look odd")
    hear(ERROR, "load: unable to allocate CPU buffer.")
    hear(ERROR, "load: failed to load model")
    assert reason() == "unable to allocate CPU buffer"
    clear_log()
    assert reason() == "llama.cpp gave no reason"


def test_what_is_said_meanwhile_is_recorded_whole() -> None:
    hear(INFO, "before")
    with recording() as lines:
        hear(INFO, "one")
        hear(ERROR, "two")
    hear(INFO, "after")
    assert lines == ["one", "two"]


def test_what_cannot_be_read_is_shown() -> None:
    error = unreadable("how large it is", ["so", "large"])
    assert "does not say how large it is as 0.3.36 does:\nso\nlarge" in str(error)
