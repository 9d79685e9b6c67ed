"""Our docstrings are plain text with a little Markdown; Sphinx reads reStructuredText, and spells types out.

An indented passage (an equation, a table, an example) is kept as it stands, and signs that mean something to
reStructuredText alone are taken as the signs that they are.
"""

import re

from sphinx.application import Sphinx

SECTIONS = ("Args:", "Attributes:", "Returns:", "Yields:", "Raises:", "Numerics:", "Source:", "Example:")
CODE = re.compile(r"(`[^`]*`)")
"""What stands between backticks, which is code in both languages."""
SIGNS = re.compile(r"([|*\\]|_(?!\w))")
"""What means something to reStructuredText only: emphasis, substitutions, escapes, targets."""

ARRAY = re.compile(r"~?numpy\.ndarray\[tuple\[~?typing\.Any, \.\.\.\], ~?numpy\.dtype\[~?([\w.]+)\]\]")
ARRAY_LIKE = re.compile(r"~?collections\.abc\.Buffer \| .*?_NestedSequence\[[^,=)]*\]|~?numpy\.\S*ArrayLike")


def as_restructured_text(lines: list[str]) -> list[str]:
    """The lines of a docstring, for Napoleon.

    Example:
        >>> as_restructured_text(["Slope × |x|.", "", "    y = a*x"])
        ['Slope × \\\\|x\\\\|.', '', '::', '', '    y = a*x']
    """
    out: list[str] = []
    in_section = literal = False
    for at, line in enumerate(lines):
        indented = line.startswith("    ")
        if line and not indented:
            in_section = line.strip() in SECTIONS
            literal = False
        starts = indented and not in_section and not literal and at > 0 and not lines[at - 1].strip()
        if starts:
            out += ["::", ""]
            literal = True
        out.append(line if literal or line.strip() in SECTIONS else _plain(line))
    return out


def _plain(line: str) -> str:
    if line.lstrip().startswith(">>>"):
        return line
    parts = CODE.split(line)
    return "".join(part if part.startswith("`") else SIGNS.sub(r"\\\1", part) for part in parts)


def named_arrays(signature: str | None) -> str | None:
    """A signature in which arrays are called what the code calls them, not what that stands for.

    Example:
        >>> named_arrays("(n: ~numpy.ndarray[tuple[~typing.Any, ...], ~numpy.dtype[~numpy.int64]], k: int)")
        '(n: NDArray[int64], k: int)'
    """
    if signature is None:
        return None
    return ARRAY_LIKE.sub(
        "ArrayLike", ARRAY.sub(lambda match: f"NDArray[{match[1].rpartition('.')[2]}]", signature)
    )


def _name_arrays(
    app: Sphinx,
    what: str,
    name: str,
    obj: object,
    options: object,
    signature: str | None,
    returned: str | None,
) -> tuple[str | None, str | None]:
    return named_arrays(signature), named_arrays(returned)


def _process(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    lines[:] = as_restructured_text(lines)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx, before Napoleon."""
    app.connect("autodoc-process-docstring", _process, priority=100)
    app.connect("autodoc-process-signature", _name_arrays)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
