"""Puts measured numbers, figures and printed output into the pages.

    python tools/docs/refresh.py             from docs/facts.json
    python tools/docs/refresh.py --output    and what the code blocks print, which runs all of them
    python tools/docs/refresh.py --check     changes nothing, and fails where a page says anything else

In a page, `<!--=lesson.trained:.1%-->98.6%<!--/-->` is a number, its format written as Python's. The line
`<!--figure filters-->` begins a figure with its text. So the pages are plain Markdown and read right anywhere.
"""

import argparse
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import blocks
from shown import FACTS, FIGURES, LANGUAGES, pages

MARK = re.compile(
    r"<!--(?:=(?P<fact>[\w.-]+)(?::(?P<format>[^>]*?))?|figure (?P<figure>[\w-]+))-->.*?<!--/-->", re.DOTALL
)


def filled(text: str, page: Path, language: str, facts: dict[str, Any]) -> str:
    """A page's text with all marks filled in.

    Raises:
        KeyError: a mark names nothing that was measured.
    """

    def fill(match: re.Match[str]) -> str:
        begin = match.group(0).partition("-->")[0] + "-->"
        if name := match["figure"]:
            return f"{begin}\n{_figure(name, page, language, facts)}\n<!--/-->"
        part, _, key = match["fact"].partition(".")
        return f"{begin}{format(facts[part]['values'][key], match['format'] or '')}<!--/-->"

    return MARK.sub(fill, text)


def _figure(name: str, page: Path, language: str, facts: dict[str, Any]) -> str:
    words = next(part["figures"][name][language] for part in facts.values() if name in part["figures"])
    path = os.path.relpath(FIGURES / f"{name}.{language}.png", page.parent)
    text = " ".join(words.split()).replace("[", "(").replace("]", ")")
    return f"![{text}]({Path(path).as_posix()})"


def with_output(page: Path, language: str) -> str:
    """A page's text with what its blocks print here and now; an output with lines left out stays if it is right."""
    text = page.read_text(encoding="utf-8")
    found = list(blocks.pairs(page))
    if not any(output for _block, output in found):
        return text
    for (_block, output), printed in zip(found, blocks.run_apart(page, language), strict=True):
        if output is None or ("…" in output.code and blocks.alike(output.code, printed)):
            continue
        now = "\n".join(line.rstrip() for line in printed.strip("\n").splitlines())
        text = text.replace(f"```text output\n{output.code}```", f"```text output\n{now}\n```", 1)
    return text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--output", action="store_true")
    parser.add_argument("names", nargs="*", help="only these pages, such as howto/colab")
    options = parser.parse_args()
    facts = json.loads(FACTS.read_text(encoding="utf-8"))
    stale = []
    for language in LANGUAGES:
        for name, page in pages(language).items():
            if options.names and name not in options.names:
                continue
            old = page.read_text(encoding="utf-8")
            new = filled(with_output(page, language) if options.output else old, page, language, facts)
            if new != old:
                stale.append(f"{language}/{name}")
                if not options.check:
                    page.write_text(new, encoding="utf-8")
    print("\n".join(stale))
    return bool(stale and options.check)


if __name__ == "__main__":
    sys.exit(main())
