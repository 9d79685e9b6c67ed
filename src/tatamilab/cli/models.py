"""`tatami models`: the networks known by name."""

from typing import Annotated

from tatamilab.cli.command import lang_option
from tatamilab.cli.quiet import choose_backend
from tatamilab.i18n import _

HELP = _("List the networks known by name, with their layers.")


def models(lang: Annotated[str | None, lang_option()] = None) -> None:
    """Print each built-in model: its name, its parameters, its layers' output shapes."""
    choose_backend()
    from tatamilab.models import BUILT_IN

    for name, build in BUILT_IN.items():
        model = build()
        shapes = [model.input_shape[1:], *(layer.output.shape[1:] for layer in model.layers)]
        way = " → ".join("×".join(str(size) for size in shape) for shape in shapes)
        print(_("{name}: {n:,} parameters", name=name, n=model.count_params()))
        print(f"    {way}")
    print(_("Also: --model FILE.keras for a saved model, --model MODULE:FUNCTION for one you write."))
