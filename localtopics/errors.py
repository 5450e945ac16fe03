"""The one exception for mistakes that a user can mend."""


class UserError(Exception):
    """A mistake that the user can mend: one clear sentence that says what to do.

    The command line prints the sentence without a traceback and exits with code 2.
    Every other exception is a fault of ours and keeps its traceback.
    """
