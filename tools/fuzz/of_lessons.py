"""Readers of what students hand in."""

import io
import json
import tempfile
import zipfile
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

import numpy as np

from fuzz import of_data, of_runs
from fuzz.reader import Reader, at, packed
from tatamilab.files import read_json, sha256
from tatamilab.lesson import handins, results
from tatamilab.lesson.classroom.archives import members
from tatamilab.lesson.classroom.gathering import gather
from tatamilab.lesson.classroom.roster import read_roster
from tatamilab.lesson.classroom.summary import summarise
from tatamilab.lesson.reading_reports import report_content
from tatamilab.lesson.report import PAYLOAD_ID, compose, render
from tatamilab.lesson.results import MIME, Recipe, Result
from tatamilab.lesson.students import normalised_id, students
from tatamilab.lesson.verifying import slips


@cache
def result() -> Result:
    wrong = np.array([True, False, False, False])
    return Result(
        label="mine", task="B2-1-2", architecture="Flatten 784 → Dense 32 (25120) → Dense 10 (330)", n_parameters=25450,
        recipe=Recipe("bpnn", "mnist", 600, None, 2, 128, 0.1, "adam", 0.001, 0), steps_per_epoch=5,
        history={"accuracy": [0.5, 0.9], "val_accuracy": [0.5, None]}, loss=0.5, correct=3, n=4,
        wrong=results.packed(wrong), predictions=sha256(b""), trainer="tatamilab", plan=None, data_hashes={},
        versions={}, machine={},
    )  # fmt: skip


@cache
def notebook_seed() -> bytes:
    png = b64encode(of_data.picture_seeds()[0]).decode()
    ours = {"tatamilab": {"key": "header"}}
    outputs = [
        {"output_type": "display_data", "data": {"text/plain": "mine", MIME: result().to_json()}},
        {"output_type": "display_data", "data": {"image/png": png, "text/plain": "a figure"}},
        {"output_type": "stream", "text": ["hello\n"]},
        {"output_type": "error", "ename": "ValueError", "evalue": "no"},
    ]
    cells = [
        {
            "cell_type": "code",
            "source": 'student_id = "22x1234"\nname = "花子"',
            "metadata": ours,
            "outputs": [],
        },
        {"cell_type": "markdown", "source": ["**解答 B2-1-2**\n", "because"], "metadata": {}},
        {"cell_type": "markdown", "source": "more", "metadata": {}},
        {
            "cell_type": "code",
            "source": "# [2-2] train",
            "metadata": {"tatamilab": {"free": True}},
            "outputs": outputs,
        },
    ]
    return json.dumps(
        {"nbformat": 4, "metadata": {"tatamilab": {"worksheet": "b2-1", "lang": "ja"}}, "cells": cells}
    ).encode()


def read_notebook(content: bytes, _folder: Path) -> None:
    handins.notebook_content(content)


@cache
def report_seed() -> bytes:
    return render(compose([handins.notebook_content(notebook_seed())], (), datetime(2026, 1, 1))).encode()


def read_report(content: bytes, _folder: Path) -> None:
    slips(report_content(content))


def read_payload(content: bytes, folder: Path) -> None:
    """What a report holds for programs, in a page that is well."""
    page = b'<html lang="en"><script type="application/json" id="%s">%s</script>'
    read_report(page % (PAYLOAD_ID.encode(), content.replace(b"<", b"\\u003c")), folder)


@cache
def payload_seed() -> bytes:
    return json.dumps(
        compose([handins.notebook_content(notebook_seed())], (), datetime(2026, 1, 1)).payload()
    ).encode()


def read_to_report(content: bytes, _folder: Path) -> None:
    """A notebook that can be read becomes a report that can be written and read."""
    found = handins.notebook_content(content)
    page = render(compose([found], (), datetime(2026, 1, 1)))
    report_content(page.encode())


def read_zip(content: bytes, _folder: Path) -> None:
    for _member in members(io.BytesIO(content)):
        continue


def read_hand_ins(content: bytes, _folder: Path) -> None:
    """A zip as a class hands it in, to the page that is made of it."""
    with tempfile.TemporaryDirectory(dir=_folder) as folder:
        at(Path(folder), "class.zip", content)
        found = gather(Path(folder))
        assert not list(Path(folder).iterdir())[1:], "something was written"
        summarise(found)


@cache
def zip_seeds() -> Sequence[bytes]:
    run = {"run/run.json": of_runs.record_seeds()[0], "run/history.csv": of_runs.HISTORY,
           "run/predictions.npz": of_runs.predictions()}  # fmt: skip
    inner = packed({"提出.ipynb": notebook_seed()})
    return [
        packed(
            {"a.ipynb": notebook_seed(), "b.html": report_seed(), "in.zip": inner, **run},
            zipfile.ZIP_DEFLATED,
        ),
        packed({"../../out.ipynb": notebook_seed(), "/etc/passwd": b"", "C:\\x.ipynb": b"{}"}),
    ]


def read_png(content: bytes, _folder: Path) -> None:
    handins.check_picture(content)


def read_students(content: bytes, _folder: Path) -> None:
    text = content.decode("utf-8", "replace")
    students(text, text[::-1], text)
    normalised_id(text)


def read_header(content: bytes, _folder: Path) -> None:
    """A header cell: who hands in, read from code that is never run."""
    handins._signatures(content.decode("utf-8", "replace"))


def read_result(content: bytes, _folder: Path) -> None:
    try:
        fields = read_json(content)
    except ValueError:
        return
    taken, _is_intact = results.read(fields)
    assert 0 <= taken.accuracy <= 1
    assert int(taken.mistakes.sum()) == taken.n - taken.correct


def read_list(content: bytes, folder: Path) -> None:
    read_roster(at(folder, "list.csv", content))


READERS = (
    Reader("notebook", read_notebook, lambda: [notebook_seed()], 10),
    Reader("notebook-to-report", read_to_report, lambda: [notebook_seed()], 1),
    Reader("report", read_report, lambda: [report_seed()], 4),
    Reader("report-payload", read_payload, lambda: [payload_seed()], 6),
    Reader("zip", read_zip, zip_seeds, 10),
    Reader("hand-ins", read_hand_ins, zip_seeds, 1.5),
    Reader("png", read_png, lambda: of_data.picture_seeds()[:2], 20),
    Reader("students", read_students, lambda: ["22x1234、２２Ｘ, b".encode()], 40),
    Reader("header-cell", read_header, lambda: [b'student_id = "1"\nname = "a"', b"name = 0xffff"], 20),
    Reader("result", read_result, lambda: [json.dumps(result().to_json()).encode()], 10),
    Reader(
        "list-of-students",
        read_list,
        lambda: ["番号,名前\n22x1,花子,h@x\n".encode("cp932"), b"1,a\n2,b\n"],
        20,
    ),
)
