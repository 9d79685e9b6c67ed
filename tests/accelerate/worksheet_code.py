"""The worksheet's cells and the hints of its tasks, word for word: `python worksheet_code.py FILE.txt`."""

import re
import sys
from pathlib import Path


def code(text: str) -> str:
    """All of its code as one script.

    Args:
        text: the worksheet as text, a cell of code behind each "In [None]:".
    """
    cells = [_longest_code(piece) for piece in text.split("In [None]:\n")[1:]]
    hints = re.findall(r"```\n(.*?)```", text, re.DOTALL)
    return "\n".join([*cells, *hints])


def _longest_code(piece: str) -> str:
    """The lines of a piece, from its first, that are code."""
    lines = piece.splitlines()
    for end in range(len(lines), 0, -1):
        try:
            compile("\n".join(lines[:end]), "cell", "exec")
        except SyntaxError:
            continue
        return "\n".join(lines[:end])
    return ""


if __name__ == "__main__":
    print(code(Path(sys.argv[1]).read_text(encoding="utf-8")))
