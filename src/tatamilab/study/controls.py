"""What the controls of `--why` tell, each and together."""

from collections.abc import Sequence

from tatamilab.i18n import _
from tatamilab.study import built_in
from tatamilab.study.answer import Answer, ContrastAnswer
from tatamilab.study.conclusion import conclusion

_QUESTIONS = {
    f"{built_in.CNN} - {built_in.PLAIN}": lambda: _("Is it the number of parameters?"),
    f"{built_in.CNN} - {built_in.FROZEN}": lambda: _("Is it that filters are learned?"),
    f"{built_in.CNN} - {built_in.CNN_MOVED} - {built_in.BPNN} + {built_in.BPNN_MOVED}": lambda: _(
        "Is it that neighbours in the image are neighbours in the network?"
    ),
    f"{built_in.BPNN} - {built_in.BPNN_MOVED}": lambda: _(
        "The null: moved pixels must make no difference to the BPNN."
    ),
    f"{built_in.LONGER} - {built_in.BPNN}": lambda: _("Was the BPNN trained too briefly?"),
}
"""What the controls of `--why` are there to tell, by contrast."""


def of_control(found: Answer, one: ContrastAnswer) -> str:
    """A contrast beyond the main one, with the question that it is there to answer; see `conclusion`."""
    effect = one.largest
    if effect is None:
        return ""
    question = _QUESTIONS.get(one.contrast.text)
    said = conclusion(found, one, effect)
    return _("{question} {said}", question=question(), said=said) if question else said


def of_all_controls(contrasts: Sequence[ContrastAnswer]) -> list[str]:
    """What the controls of `--why` come to, in numbers alone."""
    effects = {one.contrast.text: one.largest for one in contrasts}
    named = [effects.get(text) for text in (contrasts[0].contrast.text, *_QUESTIONS)] if effects else []
    if not named or any(effect is None for effect in named):
        return []
    lead, plain, frozen, moved, *_null = (100 * effect.mean for effect in named if effect)
    return [
        _(
            "Together: of the CNN's {lead:z.2f} points, {parameters:z.2f} are there with as many parameters in a plain "
            "network; moved pixels cost the CNN {moved:z.2f} points more than the BPNN; learning the filters, in place "
            "of leaving them random, changes {frozen:+z.2f}.",
            lead=lead,
            parameters=lead - plain,
            moved=moved,
            frozen=frozen,
        )
    ]
