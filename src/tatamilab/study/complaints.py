"""What pydantic finds wrong with a study, in one sentence that names the key and what is allowed."""

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from tatamilab.i18n import _

OPTION_KINDS = ("bool", "int", "float", "str")
"""How pydantic ends the place of a value that may be any of them, and is none."""


def complaint(source: str, error: ValidationError, model: type[BaseModel]) -> str:
    """The first thing that is wrong.

    Args:
        source: where it was written.
        error: what pydantic found.
        model: what was to be read.
    """
    first = error.errors()[0]
    key, context = _named(first["loc"]), first.get("ctx", {})
    if first["type"] == "extra_forbidden":
        known = ", ".join(model.model_fields)
        return _("{source}: unknown key {key!r}; known are {known}.", source=source, key=key, known=known)
    if "error" in context:
        where = _("{key}: ", key=key) if key else ""
        return _(
            "{source}: {where}{problem}.",
            source=source,
            where=where,
            problem=str(context["error"]).rstrip(".。"),
        )
    allowed = _allowed(first["type"], context, model, key)
    if first["loc"][-1] in OPTION_KINDS:
        allowed = _("a number, a text, or true or false")
    named = {"source": source, "key": key, "allowed": allowed, "received": first["input"]}
    if any(isinstance(part, int) for part in first["loc"]):
        return _("{source}: each value of {key} must be {allowed}; received {received!r}.", **named)
    return _("{source}: {key} must be {allowed}; received {received!r}.", **named)


def _named(where: tuple[int | str, ...]) -> str:
    """The key as its author wrote it: what is no setting of a recipe stands beside the settings."""
    parts = [part for part in where if isinstance(part, str) and part not in OPTION_KINDS]
    return ".".join(parts).removeprefix("options.")


def _allowed(kind: str, context: Mapping[str, Any], model: type[BaseModel], key: str) -> str:
    """What a value may be, from pydantic's kind of complaint."""
    if kind == "literal_error":
        known = get_args(model.model_fields[key].annotation)
        return _("one of {known}", known=", ".join(map(repr, known)))
    if kind == "too_short":
        return _("a list with at least one value")
    limits = {
        "greater_than": _("above {limit}", limit=context.get("gt")),
        "greater_than_equal": _("{limit} or more", limit=context.get("ge")),
        "less_than": _("below {limit}", limit=context.get("lt")),
        "less_than_equal": _("at most {limit}", limit=context.get("le")),
    }
    kinds = {
        "int": _("a whole number"),
        "float": _("a number"),
        "string": _("a text"),
        "bool": _("true or false"),
        "tuple": _("a list"),
        "dict": _("a table"),
        "finite": _("a finite number"),
    }
    return limits.get(kind) or kinds.get(kind.partition("_")[0], _("of another kind"))
