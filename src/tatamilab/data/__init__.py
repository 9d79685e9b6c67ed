"""Data sets: images and labels, where they come from, and which part of them is used."""

from tatamilab.data.catalogue import CATALOGUE
from tatamilab.data.dataset import Dataset, NormalisedArrays, Provenance
from tatamilab.data.loading import load
from tatamilab.data.split import Split, split_sizes, steps_per_epoch

__all__ = [
    "CATALOGUE",
    "Dataset",
    "NormalisedArrays",
    "Provenance",
    "Split",
    "load",
    "split_sizes",
    "steps_per_epoch",
]
