"""What would take too much memory or time is refused at once, word for word in both languages."""

import gzip
import io
import json
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fuzz.of_data import arrays
from fuzz.of_models import saved
from fuzz.reader import at, packed
from tatamilab import i18n
from tatamilab.data.idx import read_idx
from tatamilab.data.npz import read_npz
from tatamilab.data.pictures import UnreadableImage, read_picture
from tatamilab.errors import DataFileError
from tatamilab.files import make_folder, most_unpacked, read_arrays, read_json
from tatamilab.lesson.classroom import read_roster
from tatamilab.models.keras_file import read_keras_file
from tatamilab.study.specification import make_study


def test_too_many_arms(refused) -> None:
    factors = {f"factor{number}": list(range(10)) for number in range(12)}
    refused(
        lambda: make_study("mine.toml", {"factors": factors}),
        en="mine.toml: 1,000,000,000,000 arms are more than 1,000.",
        ja="mine.toml：条件が 1,000,000,000,000 通りあり、上限の 1,000 通りを超えています。",
    )


def test_too_many_runs(refused) -> None:
    asked = {"arms": {"a": {}, "b": {}}, "sizes": [100, 200], "draws": 100_000, "orders": 3, "first": False}
    refused(
        lambda: make_study("mine.toml", asked),
        en="mine.toml: 1,200,000 runs are more than 1,000,000.",
        ja="mine.toml：実験が 1,200,000 回になり、上限の 1,000,000 回を超えています。",
    )


def test_a_model_of_more_weights_than_its_file(tmp_path: Path, refused) -> None:
    config = json.loads(saved()["config.json"])
    config["config"]["layers"][5]["config"]["units"] = 30_000_000
    path = at(tmp_path, "mine.keras", packed({**saved(), "config.json": json.dumps(config).encode()}))
    with zipfile.ZipFile(path) as members:
        held = sum(member.file_size for member in members.infolist())
    weights = 3 * 3 * 2 + 2 + 9 * 30_000_000
    refused(
        lambda: read_keras_file(path),
        en=f"{path} describes a network of {weights:,} weights, and with {held:,} bytes it cannot hold them; "
        "it is no honest model file.",
        ja=f"{path} には重みが {weights:,} 個のネットワークが書かれていますが、{held:,} バイトには入りきりません。"
        "正しいモデルファイルではありません。",
        error=DataFileError,
    )


def test_gzip_that_holds_a_thousand_times_its_size(tmp_path: Path) -> None:
    shape = (100_000, 28, 28)
    path = tmp_path / "zeros.gz"
    with gzip.open(path, "wb", 9) as file:
        file.write(struct.pack(">4B3I", 0, 0, 8, 3, *shape))
        file.writelines(bytes(784_000) for _ in range(100))
    with pytest.raises(
        DataFileError, match=f"but at most {most_unpacked(path.stat().st_size)} bytes is expected"
    ):
        read_idx(path, 3, remedy="copy it again")


def test_archives_that_hold_a_thousand_times_their_size(tmp_path: Path) -> None:
    x = io.BytesIO()
    np.save(x, np.zeros((100_000, 28, 28), np.uint8))
    content = packed({**arrays(), "x_train.npy": x.getvalue()}, zipfile.ZIP_DEFLATED)
    with i18n.using("en"), pytest.raises(DataFileError, match="would unpack to"):
        read_npz(at(tmp_path, "zeros.npz", content))
    with pytest.raises(ValueError, match="does not hold plain arrays"):
        read_arrays(content)


def test_pictures_of_many_pixels() -> None:
    written = io.BytesIO()
    Image.new("1", (6001, 6000)).save(written, "PNG")
    with i18n.using("en"), pytest.raises(UnreadableImage, match="more than 36,000,000 pixels"):
        read_picture(written.getvalue(), 64, 28)


@pytest.mark.parametrize(
    "content", ["", "{", "[" * 1500, "[" * 1500 + "]" * 1500, "1" * 301, b"\xff\xfe\x00", b'{"a": "\xe9"}']
)
def test_json_that_is_none(content: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  json's own words
        read_json(content)


def test_json_that_is_some() -> None:
    assert read_json('{"a": [1, 2.5, null, "花"]}') == {"a": [1, 2.5, None, "花"]}
    assert read_json(str(2**128)) == 2**128
    assert read_json(rb'"\ud83c\udf38 \ud83c \\ud83c"') == "🌸 ? \\ud83c"
    assert read_json('"\\uD800"') == "?"


def test_a_list_that_is_none(tmp_path: Path, refused) -> None:
    path = at(tmp_path, "list.csv", b"1," + b"a" * 140_000)
    refused(
        lambda: read_roster(path),
        en=f"{path} is no list of a class: it must be a table (.csv) in UTF-8, or as Excel in Japan saves it.",
        ja=f"{path} は名簿ではありません。UTF-8 か、日本語版 Excel で保存した表（.csv）を指定してください。",
    )


def test_folders_are_made_and_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr("tatamilab.files.sync_folder", synced.append)
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    assert sorted(synced) == [tmp_path, tmp_path / "a"]
    make_folder(tmp_path / "a" / "b")
    assert len(synced) == 2
