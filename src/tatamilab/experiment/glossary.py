"""The words of the explain page that a first-year student does not know yet."""

from typing import NamedTuple

from tatamilab.i18n import _


class Term(NamedTuple):
    """A word and what it means here."""

    word: str
    meaning: str


def glossary() -> dict[str, Term]:
    """All terms by their key, in the order of the page, in the language in force."""
    return {
        "seed": Term(
            _("Seed"),
            _(
                "The number that fixes all chance: initial weights and order of the images. Same seed, same run."
            ),
        ),
        "interval": Term(
            _("Interval (the width of the spread)"),
            _(
                "Between which two values the true mean lies, in 95 of 100 such experiments. Here it covers the "
                "choice of seeds: other initial weights and another order of images."
            ),
        ),
        "wilson": Term(
            _("Wilson's interval"),
            _(
                "The interval of a share, such as the right ones of 1,000 images. It covers which images happened to "
                "be in the test, and no more."
            ),
        ),
        "sign-flip": Term(
            _("Sign-flip test"),
            _(
                "If two ways of training were alike, each pair's difference could as well have the opposite sign. p "
                "is the share of all patterns of signs whose mean is as far from 0."
            ),
        ),
        "holm": Term(
            _("Holm's correction"),
            _(
                "Many tests give some false alarm by chance. Holm makes each p larger so that the whole family has a "
                "false alarm in at most 5 of 100 cases."
            ),
        ),
        "correlation": Term(
            _("Correlation (what the layer computes)"),
            _(
                "The filter is laid on the patch as it is drawn, and what lies on each other is multiplied and added. "
                "A mathematician's convolution would turn the filter by 180° first."
            ),
        ),
        "components": Term(
            _("Principal components"),
            _(
                "The directions in which the patches vary, each at right angles to the others, the one with most "
                "variation first. Any patch is a sum of them."
            ),
        ),
        "noise": Term(
            _("Noise with the same correlations"),
            _(
                "The filters mixed by a random rotation: all correlations between weights, so smoothness and power "
                "spectrum, stay exactly; the form of each filter is lost."
            ),
        ),
        "orientation": Term(
            _("Orientation selectivity"),
            _(
                "0: the filter varies alike in all directions; 1: it is one grating, and sees strokes of one direction."
            ),
        ),
        "gabor": Term(
            _("Gabor function"),
            _(
                "Light and dark stripes that fade out to the sides; cells of the visual cortex are described by it."
            ),
        ),
        "dog": Term(
            _("Difference of Gaussians"),
            _("A light spot in a dark ring, or the reverse; cells of the retina are described by it."),
        ),
        "r2": Term("R²", _("The share of a filter's energy that the best fit explains, 0 to 1.")),
        "calibration": Term(
            _("Calibrated"),
            _("Of all answers given with 90% confidence, 90% are right; and so for every confidence."),
        ),
        "logit": Term(
            _("Score of a class"),
            _(
                "The number that the last softmax turns into a probability. It has no upper end, so it still moves."
            ),
        ),
        "occlusion": Term(
            _("Occlusion"), _("A square of 5×5 pixels is covered, and the map shows how far the score falls.")
        ),
        "gradient": Term(_("Gradient"), _("How the score would change if a pixel became a little lighter.")),
        "integrated": Term(
            _("Integrated gradients"),
            _(
                "The gradients on the way from a black image to this one, added up. The map's sum is exactly what the "
                "score gains."
            ),
        ),
        "cam": Term(
            "Grad-CAM",
            _("The maps of the last convolution, each weighted by how much the score hangs on it, added up."),
        ),
        "random-weights": Term(
            _("Weights shuffled"),
            _(
                "The same network with the numbers of every weight array shuffled: all that was learned is gone."
            ),
        ),
        "by-heart": Term(
            _("Labels learned by heart"),
            _(
                "The same network trained on images whose labels were shuffled. It knows these images, and nothing of "
                "what digits look like."
            ),
        ),
    }
