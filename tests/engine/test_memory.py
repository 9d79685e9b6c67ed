"""What does not fit into memory is refused before anything is allocated."""

from pathlib import Path

import pytest

from tatamilab import i18n
from tatamilab.engine import availability
from tatamilab.engine.availability import EngineUnavailable, check_memory


def test_more_than_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 9000000 kB\nMemAvailable:    2000000 kB\n")
    monkeypatch.setattr(availability, "MEMORY_FILE", tmp_path / "meminfo")
    check_memory(2_000_000_000, 128)
    with pytest.raises(EngineUnavailable) as refused:
        check_memory(3_000_000_000, 10_000)
    assert str(refused.value) == (
        "The native engine needs 3.0 GB for batches of 10000 images, but 2.0 GB of memory are free; "
        "use a smaller batch size."
    )
    with i18n.using("ja"), pytest.raises(EngineUnavailable) as refused:
        check_memory(3_000_000_000, 10_000)
    assert str(refused.value) == (
        "バッチサイズ 10000 には専用エンジンのメモリが 3.0 GB 必要ですが、空きは 2.0 GB です。"
        "バッチサイズを小さくしてください。"
    )


def test_where_nobody_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(availability, "MEMORY_FILE", tmp_path / "absent")
    check_memory(1 << 60, 128)
