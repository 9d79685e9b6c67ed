"""Builds the documentation as a folder that can be put anywhere: `en/`, `ja/`, and a page that asks which.

    python tools/docs/build.py [--out build/docs]

Any warning of Sphinx, any link to a page or a place that isn't there, and anything that a page would load from
elsewhere makes it fail.
"""

import argparse
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from links import complaints

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SOURCES = {"en": DOCS, "ja": DOCS / "ja"}
FRONT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>tatamilab</title>
<style>
html { background: #fff; color: #000 }
body { font: 1.25rem/1.6 sans-serif; max-width: 30rem; margin: 4rem auto; padding: 0 1rem }
a { color: #0a4bff }
@media (prefers-color-scheme: dark) { html { background: #131416; color: #eee } a { color: #8ab4ff } }
</style>
<main>
<h1>tatamilab</h1>
<p lang="ja"><a href="ja/index.html">日本語の文書を読む</a></p>
<p><a href="en/index.html">Read the documentation in English</a></p>
</main>
</html>
"""


def build(out: Path) -> list[str]:
    """Build both languages; return what is wrong with them, a line each."""
    with ThreadPoolExecutor(len(SOURCES)) as pool:
        said = list(pool.map(lambda language: _sphinx(language, out), SOURCES))
    if any(said):
        return [line for lines in said for line in lines]
    (out / "index.html").write_text(FRONT, encoding="utf-8")
    return complaints(out)


def _sphinx(language: str, out: Path) -> list[str]:
    """Build one language; return what Sphinx complains of."""
    command = [
        *(sys.executable, "-m", "sphinx", "--builder", "html", "--fresh-env", "--fail-on-warning", "--quiet"),
        *("--conf-dir", str(DOCS), "--define", f"language={language}"),
        *("--doctree-dir", str(out / ".doctrees" / language)),
        *(str(SOURCES[language]), str(out / language)),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).splitlines() if done.returncode else []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "docs")
    out = parser.parse_args().out.resolve()
    wrong = build(out)
    print("\n".join(wrong) or f"{out}/index.html")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
