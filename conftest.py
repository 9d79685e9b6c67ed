"""What holds for tests and doctests alike, whoever runs them: English, JAX, and a cache of their own."""

import os
from pathlib import Path

collect_ignore_glob = ["*conftest.py"]
"""No doctests are looked for in files like this one: they share a name, and only one could be imported."""

for name in ("LC_ALL", "LC_MESSAGES"):
    os.environ.pop(name, None)
os.environ["LANG"] = "C.UTF-8"
os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TATAMI_CACHE_DIR", str(Path(__file__).parent / ".pytest_cache" / "tatamilab"))
