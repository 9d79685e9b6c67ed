"""Data sets: images and labels, where they come from, and which part of them is used."""

from tatamilab.data.cache import (
    DatasetState,
    VerifiedFile,
    known_dataset,
    list_datasets,
    verify,
)
from tatamilab.data.catalogue import CATALOGUE, KnownDataset
from tatamilab.data.dataset import Dataset, NormalisedArrays, Provenance, normalised
from tatamilab.data.fetching import Progress, fetch
from tatamilab.data.loading import load
from tatamilab.data.split import Split, split_sizes, steps_per_epoch
from tatamilab.files import cache_folder

__all__ = [
    "CATALOGUE",
    "Dataset",
    "DatasetState",
    "KnownDataset",
    "NormalisedArrays",
    "Progress",
    "Provenance",
    "Split",
    "VerifiedFile",
    "cache_folder",
    "fetch",
    "known_dataset",
    "list_datasets",
    "load",
    "normalised",
    "split_sizes",
    "steps_per_epoch",
    "verify",
]
