"""Checks a folder of HTML pages: links lead to pages and places that are there, and nothing loads from outside."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}
"""What a browser fetches without being asked, and where it is named."""
ONLY_NAMED = ("canonical", "next", "prev", "search", "index")
"""Kinds of `<link>` that fetch nothing."""


@dataclass
class Page:
    """What a page can be asked for and what it asks for."""

    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if "id" in has:
            self.page.ids.add(has["id"])
        if tag == "a" and "href" in has:
            self.page.links.append(has["href"])
        attribute = LOADED.get(tag)
        if attribute and has.get(attribute) and has.get("rel") not in ONLY_NAMED:
            self.page.loads.append(has[attribute])


def read(path: Path) -> Page:
    """The ids, links and loads of one page."""
    reader = _Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader.page


def complaints(folder: Path) -> list[str]:
    """What is wrong with the pages of a folder, a line each."""
    pages = {path: read(path) for path in sorted(folder.rglob("*.html")) if "_static" not in path.parts}
    wrong = []
    for path, page in pages.items():
        for address in page.loads:
            if urlsplit(address).scheme not in ("", "data") or address.startswith("//"):
                wrong.append(f"{path.relative_to(folder)} loads {address} from outside")
            elif not urlsplit(address).scheme and not _target(path, address).is_file():
                wrong.append(f"{path.relative_to(folder)} loads {address}, which isn't there")
        wrong += [
            f"{path.relative_to(folder)} links to {address}, which isn't there"
            for address in page.links
            if not _leads_somewhere(path, address, pages)
        ]
    return wrong


def _target(page: Path, address: str) -> Path:
    path = unquote(urlsplit(address).path)
    return (page.parent / path).resolve() if path else page


def _leads_somewhere(page: Path, address: str, pages: dict[Path, Page]) -> bool:
    parts = urlsplit(address)
    if parts.scheme or address.startswith("//"):
        return True
    target = _target(page, address)
    if target not in pages:
        return target.is_file() and not parts.fragment
    return not parts.fragment or unquote(parts.fragment) in pages[target].ids
