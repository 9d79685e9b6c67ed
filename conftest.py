"""What holds for tests and doctests alike: they speak English, whatever the locale of who runs them."""

import os

for name in ("LC_ALL", "LC_MESSAGES"):
    os.environ.pop(name, None)
os.environ["LANG"] = "C.UTF-8"
os.environ.setdefault("KERAS_BACKEND", "jax")
