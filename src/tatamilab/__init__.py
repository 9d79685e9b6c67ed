"""tatamilab: learn how convolutional networks work, by running them.

Importing this package imports no Keras and decides nothing about its backend.
"""

__version__ = "0.1.0"
