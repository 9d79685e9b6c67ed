"""The lessons: one jupytext source each, both languages side by side, written out as notebook, script or page."""

from tatamilab.lesson.worksheets.source import WORKSHEETS, Cell, cells, worksheet_source
from tatamilab.lesson.worksheets.writing import FORMATS, notebook_of, write

__all__ = ["FORMATS", "WORKSHEETS", "Cell", "cells", "notebook_of", "worksheet_source", "write"]
