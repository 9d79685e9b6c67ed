"""The readers under test lie with the tools: their folder is put where a script's folder is."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "tools"))
