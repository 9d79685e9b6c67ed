"""Keeps Keras's backends from talking over our own output."""

import logging
import os
import warnings

from tatamilab import backend


def choose_backend() -> None:
    """Choose the backend as a command does, and silence its warnings unless TATAMI_DEBUG is set."""
    if not os.environ.get("TATAMI_DEBUG"):
        warnings.simplefilter("ignore")
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        logging.getLogger("jax").setLevel(logging.ERROR)
    backend.choose(command=True)
