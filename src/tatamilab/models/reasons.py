"""Puts the message of a foreign exception into a sentence of ours."""


def first_line(problem: BaseException) -> str:
    """The first line of what `problem` says, without a full stop; its type if it says nothing.

    Example:
        >>> first_line(ValueError("Bad shape.\\nGot: 3"))
        'Bad shape'
    """
    said = str(problem).strip()
    return said.splitlines()[0].rstrip(". ") if said else type(problem).__name__
