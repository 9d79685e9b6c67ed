"""A training while it happens: started, paused, stepped, changed, looked back on. No widget and no page in it.

network   what a network makes of images, with the weights of the moment
film      the weights of earlier moments, thinned
curve     losses and accuracies so far, thinned
sample    the images
live      the run itself
rivals    two networks on few images, trained anew with every setting
turns     who may compute when
"""

from tatamilab.session.live import LiveRun, Moment, Phase
from tatamilab.session.network import Network
from tatamilab.session.rivals import Rivals
from tatamilab.session.sample import Sample

__all__ = ["LiveRun", "Moment", "Network", "Phase", "Rivals", "Sample"]
