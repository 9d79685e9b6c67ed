"""`tatami doctor`: facts about this computer and installation, each with what to do about it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from tatamilab.cli.command import lang_option
from tatamilab.i18n import _

if TYPE_CHECKING:
    from tatamilab.machine import Cache, Machine

HELP = _("Show what tatami knows of this computer and its installation, and what to do about it.")
SLOW_BELOW_BITS = 256
KIB = 1024


@dataclass(frozen=True)
class Finding:
    """A fact, and what to do about it.

    Attributes:
        name: what it is about.
        value: as it is here.
        advice: what to do, or why nothing needs doing.
        fine: False where something should be done.
    """

    name: str
    value: str
    advice: str
    fine: bool = True


def doctor(lang: Annotated[str | None, lang_option()] = None) -> None:
    """Print each finding: a mark, its name and value, and below them what to do."""
    from tatamilab.machine import read_machine

    for finding in findings(read_machine()):
        print(f"{'✓' if finding.fine else '!'} {finding.name}: {finding.value}")
        print(f"    {finding.advice}")


def findings(machine: "Machine") -> list[Finding]:
    """All facts of `machine` with their advice, in the language in force."""
    nothing = _("Nothing to do.")
    found = [
        Finding(
            "tatamilab", machine.versions["tatamilab"], _("`pip install -U tatamilab` brings a newer one.")
        ),
        Finding("Python", machine.python, nothing),
        _known(machine, "keras_backend", _("Keras backend"), machine.keras_backend, _set_backend()),
        _known(machine, "cpu_name", _("Processor"), machine.cpu_name, nothing),
        _vectors(machine),
        _cores(machine),
        _known(machine, "caches", _("Caches of a core"), _caches(machine.caches), nothing),
        _native_engine(),
        _known(
            machine,
            "japanese_font",
            _("Font for Japanese in figures"),
            machine.japanese_font and machine.japanese_font.name,
            nothing,
        ),
    ]
    return found + [_extra(name, here) for name, here in machine.extras.items()]


def _known(machine: "Machine", key: str, name: str, value: object, advice: str) -> Finding:
    if value is None:
        return Finding(name, _("unknown"), machine.reasons[key], fine=False)
    return Finding(name, str(value), advice)


def _set_backend() -> str:
    return _("Set KERAS_BACKEND to use another one that is installed.")


def _vectors(machine: "Machine") -> Finding:
    name = _("Vector width")
    if machine.vector_bits is None:
        return Finding(name, _("unknown"), machine.reasons["vector_bits"], fine=False)
    value = _(
        "{bits} bits ({extension}), {floats} float32 numbers at once",
        bits=machine.vector_bits,
        extension=machine.vector_extension,
        floats=machine.vector_bits // 32,
    )
    if machine.vector_bits < SLOW_BELOW_BITS:
        return Finding(name, value, _("Training works, but a newer processor is several times faster."))
    return Finding(name, value, _("Nothing to do."))


def _cores(machine: "Machine") -> Finding:
    value = _(
        "{cores} cores, {cpus} logical processors",
        cores=_("unknown") if machine.physical_cores is None else machine.physical_cores,
        cpus=machine.logical_cpus,
    )
    if machine.logical_cpus == 1:
        return Finding(_("Cores"), value, _("Training is faster where this process may use more of them."))
    return Finding(_("Cores"), value, _("Close other programs while you train: they share these."))


def _caches(caches: "tuple[Cache, ...] | None") -> str | None:
    if not caches:
        return None
    kinds = {"data": _("data"), "instruction": _("instructions"), "unified": _("both")}
    return ", ".join(f"L{c.level} {_size(c.cache_bytes)} ({kinds[c.kind]})" for c in caches)


def _native_engine() -> Finding:
    from tatamilab.engine.availability import EngineUnavailable, require_engine

    name = _("Native engine")
    try:
        require_engine()
    except EngineUnavailable as why:
        return Finding(name, _("Keras trains in its place"), str(why), fine=False)
    from tatamilab.engine import cache
    from tatamilab.engine.target import choose

    kept = cache.summary()
    value = _(
        "{target}; compiled code: {megabytes:.1f} MB, entries: {entries}, in {folder}",
        target=choose().name,
        megabytes=kept.n_bytes / 1e6,
        entries=kept.entries,
        folder=kept.folder,
    )
    return Finding(name, value, _("`tatami engine clear-cache` empties that folder."))


def _size(n_bytes: int) -> str:
    return f"{n_bytes // KIB} KiB" if n_bytes < KIB**2 else f"{n_bytes / KIB**2:.3g} MiB"


def _extra(name: str, here: bool) -> Finding:
    title = _("Extra [{name}]", name=name)
    if here:
        return Finding(title, _("installed"), _("Nothing to do."))
    return Finding(title, _("not installed"), _('If you want it: pip install "tatamilab[{name}]"', name=name))
