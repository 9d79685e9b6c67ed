"""`%load_ext tatamilab`: the cells of a notebook, accelerated."""

from pathlib import Path
from typing import Any

from tatamilab.acceleration import scripts, seam


def load_ipython_extension(_shell: Any) -> None:
    """What IPython calls for `%load_ext tatamilab`."""
    scripts.prepare(Path.cwd())


def unload_ipython_extension(_shell: Any) -> None:
    """What IPython calls for `%unload_ext tatamilab`."""
    seam.restore()
