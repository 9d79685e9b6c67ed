"""What holds for tests and doctests alike, whoever runs them: they speak English, and Keras runs on JAX."""

import os

collect_ignore_glob = ["*conftest.py"]
"""No doctests are looked for in files like this one: they share a name, and only one could be imported."""

for name in ("LC_ALL", "LC_MESSAGES"):
    os.environ.pop(name, None)
os.environ["LANG"] = "C.UTF-8"
os.environ.setdefault("KERAS_BACKEND", "jax")
