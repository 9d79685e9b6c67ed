"""The reference holds whatever can be imported."""

import importlib
import re

import pytest
from shown import pages

PACKAGES = [
    "tatamilab",
    *(
        f"tatamilab.{name}"
        for name in ("data", "models", "experiment", "analysis", "instruments", "session", "widgets")
    ),
]
REFERENCE = {
    name: path.read_text(encoding="utf-8")
    for name, path in pages("en").items()
    if name.startswith("reference/")
}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_in_the_reference(package: str) -> None:
    page = REFERENCE["reference/" + package.rpartition(".")[2]]
    if f".. automodule:: {package}\n   :imported-members:" in page:
        return
    named = set(re.findall(r"\.\. auto\w+:: (?:[\w.]+\.)?(\w+)", page))
    named |= {name for names in re.findall(r":members: (.+)", page) for name in names.split(", ")}
    assert set(importlib.import_module(package).__all__) <= named


def test_the_reference_lists_its_pages() -> None:
    listed = set(re.findall(r"^\w+$", REFERENCE["reference/python"], re.MULTILINE))
    assert {f"reference/{name}" for name in listed} | {"reference/python", "reference/command-line"} == set(
        REFERENCE
    )
