"""Runs a script as it is, under the Keras of this environment: `python -m peers.script FILE.py MNIST.npz`.

The images come from a file, as they do when Keras has fetched them before.
"""

import runpy
import sys

from keras.src.datasets import mnist

if __name__ == "__main__":
    script, images = sys.argv[1:]
    mnist.get_file = lambda *_arguments, **_options: images
    sys.argv = [script]
    runpy.run_path(script, run_name="__main__")
