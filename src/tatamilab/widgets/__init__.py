"""Interactive parts, each one anywidget: in a notebook one line each, and put together on the page of `tatami lab`.

    from tatamilab.widgets import DigitPad
    DigitPad(model)

part              what all of them have in common
words             what the words on the parts mean
digit_pad         draw a digit, and see why it is read as it is
explain           questions about the network, each answered by a figure
mistakes          which digits are taken for which, and the pictures behind every number
network_editor    a network put together from blocks
pixel_arithmetic  any number of a layer, as the sum that it is
runs              what was trained so far: compared, taken up again, deleted, taken away
sample_slider     how many images: a CNN and a plain network, trained anew at every touch
training          a live run: commands, curves, filters

A part is a Python class with a module (.js) and a style sheet (.css) of the same name, put behind `common`.
Traits are JSON, pictures are bytes in base64, each trait goes one way; so it works in every notebook, and on a
page of any kind.
"""

from tatamilab.widgets.digit_pad import DigitPad
from tatamilab.widgets.explain import Explain
from tatamilab.widgets.mistakes import Mistakes
from tatamilab.widgets.network_editor import NetworkEditor
from tatamilab.widgets.pixel_arithmetic import PixelArithmetic
from tatamilab.widgets.runs import Runs
from tatamilab.widgets.sample_slider import SampleSlider
from tatamilab.widgets.training import Training

__all__ = [
    "DigitPad",
    "Explain",
    "Mistakes",
    "NetworkEditor",
    "PixelArithmetic",
    "Runs",
    "SampleSlider",
    "Training",
]
