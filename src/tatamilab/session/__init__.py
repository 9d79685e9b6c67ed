"""A training while it happens: started, paused, stepped, changed, looked back on. No widget and no page in it.

network    what a network makes of images, with the weights of the moment
film       the weights of earlier moments, thinned
curve      losses and accuracies so far, thinned
sample     the images
moment     what a run is at one moment, shown or kept
live       the run itself
blocks     the parts that a network is put together from
blueprint  a network as blocks, with its shapes and its arithmetic
setup      all that decides a run, as an address holds it
shelf      runs on disk
exporting  a run as a Keras file, a script, a notebook
contest    two networks trained on the same few images
rivals     that with every setting that is asked for
worker     a thread that does what is wanted, and tells of it
yielding   trainings give way to pages
apart      news for those who take their time over it
turns      who may compute when, and who stands in line
"""

from tatamilab.session.blueprint import Blueprint
from tatamilab.session.live import LiveRun
from tatamilab.session.moment import Moment, Phase
from tatamilab.session.network import Network
from tatamilab.session.rivals import Rivals
from tatamilab.session.sample import Sample
from tatamilab.session.setup import Setup
from tatamilab.session.shelf import Shelf

__all__ = ["Blueprint", "LiveRun", "Moment", "Network", "Phase", "Rivals", "Sample", "Setup", "Shelf"]
