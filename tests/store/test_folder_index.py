"""The index of run folders says what the folders say."""

import json
import shutil
from pathlib import Path

from tatamilab.store import FolderIndex, folders


def leave(folder: Path, accuracy: float | None, started: str = "2025-04-01T10:00:00+09:00") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    record = {
        "started": started,
        "model": {"name": "cnn"},
        "data": {"name": "mnist"},
        "status": "failed" if accuracy is None else "finished",
        "trained": None if accuracy is None else {"accuracy": accuracy},
    }
    (folder / "run.json").write_text(json.dumps(record))


def names(index: FolderIndex, root: Path) -> list[tuple[str, float | None]]:
    return [(Path(run.path).name, run.test_accuracy) for run in index.runs(root)]


def test_it_is_rebuilt_from_the_folders(tmp_path: Path, address: str) -> None:
    root = tmp_path / "runs"
    leave(root / "b", 0.5)
    leave(root / "a", None)
    (root / "broken").mkdir()
    (root / "broken" / "run.json").write_text("{")
    with FolderIndex(address) as index:
        for _again in range(2):
            assert index.rebuild(root) == 2
            assert names(index, root) == [("a", None), ("b", 0.5)]
        leave(root / "b", 0.75)
        index.refresh(root)
        assert names(index, root)[1] == ("b", 0.5)
        index.rebuild(root)
        assert names(index, root)[1] == ("b", 0.75)


def test_only_what_is_new_is_read_and_what_is_gone_goes(tmp_path: Path, address: str, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    seen: list[Path] = []
    read = folders.read
    monkeypatch.setattr(folders, "read", lambda path: (seen.append(path), read(path))[1])
    root, other = tmp_path / "runs", tmp_path / "runs%"
    leave(root / "a", 0.5)
    leave(other / "c", 0.25)
    with FolderIndex(address) as index:
        index.refresh(other)
        index.refresh(root)
        leave(root / "b", 0.75, started="2025-04-01T09:00:00+09:00")
        index.refresh(root)
        assert [path.parent.name for path in seen] == ["c", "a", "b"]
        shutil.rmtree(root / "a")
        index.refresh(root)
        assert names(index, root) == [("b", 0.75)]
        assert names(index, other) == [("c", 0.25)]
