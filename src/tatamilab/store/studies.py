"""`StudyStore`: studies, their runs, and what each run predicted."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from tatamilab.errors import BadInput
from tatamilab.files import read_json
from tatamilab.i18n import _
from tatamilab.store.claims import Claims
from tatamilab.store.database import Database
from tatamilab.store.records import Member, RunRow, RunStatus, StoredStudy
from tatamilab.store.tables import claims, predictions, runs, studies, study_runs

Labels = NDArray[np.uint8]

MOST_NAMED = 500
"""Keys in one query; SQLite takes no more than some thousand values."""


class StudyStore:
    """A store of studies.

    Args:
        address: `sqlite:///FILE` or `postgresql://USER@HOST/NAME`.
        create: False to refuse a store that isn't there.

    Raises:
        BadInput, OutputError, MissingExtra: as `connecting.connect`.
    """

    def __init__(self, address: str, *, create: bool = True) -> None:
        self._database = Database(address, create=create)

    @property
    def address(self) -> str:
        """Where it is, without a password."""
        return self._database.address

    def close(self) -> None:
        """Give its connections back."""
        self._database.close()

    def __enter__(self) -> "StudyStore":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    # -- studies ---------------------------------------------------------------------------------------------

    def add_study(
        self, id: str, name: str, specification: Mapping[str, Any], members: Iterable[Member]
    ) -> None:
        """Keep a study and which runs it consists of, in place of those that it had; the same again writes nothing."""
        members = list(members)
        if members and set(members) == set(self.members(id)):
            return
        now = datetime.now(UTC).isoformat(timespec="seconds")
        row = {"id": id, "name": name, "specification": _json(specification), "created": now}
        links = [{"study": id, **vars(member)} for member in members]
        with self._database.writing() as connection:
            connection.execute(self._database.insert_new(studies), row)
            connection.execute(sa.delete(study_runs).where(study_runs.c.study == id))
            if links:
                connection.execute(self._database.insert_new(study_runs), links)

    def studies(self) -> list[StoredStudy]:
        """All studies, the newest last."""
        done = sa.func.count(sa.distinct(runs.c.key)).label("n_done")
        query = (
            sa.select(studies, sa.func.count(sa.distinct(study_runs.c.key)).label("n_runs"), done)
            .outerjoin(study_runs, study_runs.c.study == studies.c.id)
            .outerjoin(runs, runs.c.key == study_runs.c.key)
            .group_by(*studies.c)
            .order_by(studies.c.created, studies.c.id)
        )
        with self._database.reading() as connection:
            return [_study(dict(row)) for row in connection.execute(query).mappings()]

    def study(self, id_or_name: str) -> StoredStudy:
        """The study with an id, or the beginning of one, else the newest of a name.

        Raises:
            BadInput: there is none, or the beginning is that of several.
        """
        every = self.studies()
        found = [one for one in every if one.name == id_or_name][-1:]
        found = found or [one for one in every if one.id.startswith(id_or_name)]
        if len(found) != 1:
            known = ", ".join(f"{one.name} ({one.id})" for one in every[-8:]) or _("none")
            raise BadInput(
                _(
                    "{name!r} names no single study in {store}; known are: {known}.",
                    name=id_or_name,
                    store=self.address,
                    known=known,
                )
            )
        return found[0]

    def members(self, study: str) -> list[Member]:
        """Where each run of a study stands, whether it is done or not."""
        columns = [column for column in study_runs.c if column.name != "study"]
        query = sa.select(*columns).where(study_runs.c.study == study).order_by(*columns)
        with self._database.reading() as connection:
            return [Member(**row) for row in connection.execute(query).mappings()]

    # -- runs ------------------------------------------------------------------------------------------------

    def save(
        self, row: RunRow, test_labels: Labels | None = None, validation_labels: Labels | None = None
    ) -> bool:
        """Keep a run, and let go of the claim on it; one that is there already stays as it is, unless it failed.

        Args:
            row: how it ended.
            test_labels: uint8, the label predicted for each test image; None if it failed.
            validation_labels: likewise for each validation image.

        Returns:
            Whether it was kept.
        """
        values = {field.name: getattr(row, field.name) for field in fields(RunRow)}
        values |= {"specification": _json(row.specification), "status": str(row.status)}
        failed = sa.and_(runs.c.key == row.key, runs.c.status == RunStatus.FAILED)
        with self._database.writing() as connection:
            connection.execute(sa.delete(claims).where(claims.c.key == row.key))
            connection.execute(sa.delete(runs).where(failed))
            kept = (
                connection.execute(self._database.insert_new(runs).returning(runs.c.key), values).first()
                is not None
            )
            if kept and test_labels is not None and validation_labels is not None:
                labels = {
                    "test_labels": np.asarray(test_labels, np.uint8).tobytes(),
                    "validation_labels": np.asarray(validation_labels, np.uint8).tobytes(),
                }
                connection.execute(sa.insert(predictions), {"key": row.key, **labels})
        return kept

    def rows(self, keys: Sequence[str] | None = None) -> list[RunRow]:
        """The runs with these keys that are there, or all; in the order of the keys' own letters."""
        with self._database.understood():
            found = [_run(row) for row in self._select(sa.select(runs), runs.c.key, keys)]
        return sorted(found, key=lambda row: row.key)

    def labels(self, keys: Sequence[str]) -> dict[str, tuple[Labels, Labels]]:
        """What those of these runs predicted that predicted anything: labels of test and validation images, uint8."""
        rows = self._select(sa.select(predictions), predictions.c.key, keys)
        return {row["key"]: (_labels(row["test_labels"]), _labels(row["validation_labels"])) for row in rows}

    def _select(
        self, query: "sa.Select[Any]", key: "sa.Column[str]", keys: Sequence[str] | None
    ) -> list[Mapping[str, Any]]:
        with self._database.reading() as connection:
            if keys is None:
                return [dict(row) for row in connection.execute(query).mappings()]
            parts = (keys[at : at + MOST_NAMED] for at in range(0, len(keys), MOST_NAMED))
            return [
                dict(row)
                for part in parts
                for row in connection.execute(query.where(key.in_(part))).mappings()
            ]

    # -- who does what -----------------------------------------------------------------------------------------

    def claims(self) -> Claims:
        """What a process that shares the store uses to be the only one at a run."""
        return Claims(self._database)


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _labels(content: bytes) -> Labels:
    return np.frombuffer(content, np.uint8)


def _study(row: Mapping[str, Any]) -> StoredStudy:
    return StoredStudy(**{**row, "specification": read_json(row["specification"])})


def _run(row: Mapping[str, Any]) -> RunRow:
    changed = {"specification": read_json(row["specification"]), "status": RunStatus(row["status"])}
    return RunRow(**{**row, **changed})
