"""Keeps the gettext catalogues in step with the code.

    uv run python tools/catalogues.py update   # add new messages, drop unused ones, compile
    uv run python tools/catalogues.py check    # what is missing, unused or badly filled in

Message ids are the English sentences in the code. After `update`, write the Japanese by hand in
`src/tatamilab/locale/ja/LC_MESSAGES/tatamilab.po` and run `update` once more to compile it.
"""

import io
import string
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

SOURCE = Path(__file__).resolve().parents[1] / "src" / "tatamilab"
LANGUAGES = ("ja", "en")
PROJECT = "tatamilab"


def po_file(lang: str) -> Path:
    return SOURCE / "locale" / lang / "LC_MESSAGES" / f"{PROJECT}.po"


def messages_in_code() -> dict[str, list[str]]:
    """Every message id in the code, with the files that use it."""
    found: dict[str, list[str]] = {}
    methods = [("**.py", "python"), ("**.html", "jinja2.ext.babel_extract")]
    rows = extract_from_dir(SOURCE, method_map=methods, keywords={"_": None})
    for name, _line, message, _comments, _context in rows:
        files = found.setdefault(message, [])
        if name not in files:
            files.append(name)
    return found


def read(lang: str) -> Catalog:
    with po_file(lang).open("rb") as file:
        return read_po(file, locale=lang)


def update() -> None:
    found = messages_in_code()
    for lang in LANGUAGES:
        old = read(lang)
        new = Catalog(locale=lang, project=PROJECT, charset="utf-8", fuzzy=False)
        for message in sorted(found):
            known = old.get(message)
            text = known.string if known and known.string else ""
            new.add(
                message, message if lang == "en" else text, locations=[(f, 0) for f in sorted(found[message])]
            )
        written = io.BytesIO()
        write_po(written, new, width=100, include_lineno=False, omit_header=True)
        header = (
            'msgid ""\nmsgstr ""\n'
            f'"Language: {lang}\\n"\n'
            '"MIME-Version: 1.0\\n"\n'
            '"Content-Type: text/plain; charset=utf-8\\n"\n'
            '"Content-Transfer-Encoding: 8bit\\n"\n\n'
        )
        po_file(lang).write_text(header + written.getvalue().decode(), encoding="utf-8")
        with po_file(lang).with_suffix(".mo").open("wb") as target:
            write_mo(target, read(lang))


def problems() -> list[str]:
    """One line for each message that is missing, unused, or whose {names} differ from the original's."""
    found = messages_in_code()
    out = []
    for lang in LANGUAGES:
        catalogue = {m.id: m.string for m in read(lang) if m.id}
        out += [f"{lang}: not in the catalogue: {m!r}" for m in sorted(found.keys() - catalogue.keys())]
        out += [f"{lang}: no longer used: {m!r}" for m in sorted(catalogue.keys() - found.keys())]
        for message, text in catalogue.items():
            if not text:
                out.append(f"{lang}: not translated: {message!r}")
            elif names(message) != names(text):
                out.append(f"{lang}: {{names}} differ: {message!r} → {text!r}")
            elif lang == "ja" and " " in message and text == message:
                out.append(f"ja: not Japanese: {message!r}")
    return out


def names(text: str) -> set[str]:
    return {field for _text, field, _spec, _conversion in string.Formatter().parse(text) if field}


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["update"]:
            update()
        case ["check"]:
            found = problems()
            print("\n".join(found) or "catalogues are complete")
            sys.exit(bool(found))
        case _:
            sys.exit(__doc__)
