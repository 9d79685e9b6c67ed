"""Readers of data sets and pictures."""

import gzip
import io
import struct
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from fuzz.reader import Reader, at, packed
from tatamilab.data.cifar import read_cifar10
from tatamilab.data.class_folders import read_class_folders
from tatamilab.data.idx import read_idx
from tatamilab.data.npz import read_npz
from tatamilab.data.own import load_own
from tatamilab.data.pictures import UnreadableImage, read_picture

REMEDY = "copy it again"


def idx_bytes(*sizes: int) -> bytes:
    content = np.arange(int(np.prod(sizes))).astype(np.uint8).tobytes()
    return struct.pack(f">BBBB{len(sizes)}I", 0, 0, 8, len(sizes), *sizes) + content


def idx_seeds() -> Sequence[bytes]:
    whole = [idx_bytes(3, 4, 4), idx_bytes(7), idx_bytes(2, 3, 3, 3), idx_bytes(0, 0, 0)]
    return [*whole, *(gzip.compress(one, mtime=0) for one in whole)]


def read_idx_file(content: bytes, folder: Path) -> None:
    path = at(folder, "some-idx", content)
    read_idx(path, content[3] if len(content) > 3 and content[3] in (1, 3, 4) else 3, remedy=REMEDY)


def npy(array: np.ndarray) -> bytes:
    written = io.BytesIO()
    np.save(written, array, allow_pickle=False)
    return written.getvalue()


def arrays() -> dict[str, bytes]:
    """The members of an `.npz` that is a data set."""
    x, y = np.arange(4 * 16, dtype=np.uint8).reshape(4, 4, 4), np.array([0, 1, 0, 1])
    return {
        f"{name}.npy": npy(array)
        for name, array in (("x_train", x), ("y_train", y), ("x_test", x), ("y_test", y))
    }


def npz_seeds() -> Sequence[bytes]:
    return [
        packed(arrays()),
        packed(arrays(), 8),
        packed({**arrays(), "class_names.npy": npy(np.array(["a", "b"]))}),
    ]


def read_npz_file(content: bytes, folder: Path) -> None:
    read_npz(at(folder, "mine.npz", content))


def read_npz_array(content: bytes, folder: Path) -> None:
    """The first byte says which array is replaced."""
    name = sorted(arrays())[content[0] % 4] if content else "x_train.npy"
    read_npz(at(folder, "mine.npz", packed({**arrays(), name: content[1:]})))


def npz_array_seeds() -> Sequence[bytes]:
    odd = [np.zeros((4, 4, 4), np.float32), np.zeros((0, 4, 4), np.uint8), np.zeros((4, 0, 0, 1), np.uint8),
           np.array(2**63, np.uint64), np.array(["a"]), np.zeros(4, "i1,f8"), np.array([-1, 5, 2, 0])]  # fmt: skip
    return [
        *(b"\x00" + one for one in arrays().values()),
        *(bytes([k % 4]) + npy(one) for k, one in enumerate(odd)),
    ]


def cifar_tar() -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name in (*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"):
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}.bin")
            member.size = 3073
            archive.addfile(member, io.BytesIO(bytes(3073)))
    return written.getvalue()


def read_cifar_file(content: bytes, folder: Path) -> None:
    read_cifar10(at(folder, "cifar.tar.gz", content), remedy=REMEDY)


def read_cifar_members(content: bytes, folder: Path) -> None:
    read_cifar_file(gzip.compress(content, 1, mtime=0), folder)


def picture_seeds() -> Sequence[bytes]:
    seeds = []
    for kind, mode in (("PNG", "RGBA"), ("PNG", "I;16"), ("JPEG", "L"), ("GIF", "P"), ("BMP", "RGB"), ("TIFF", "L"),
                       ("WEBP", "RGB"), ("PPM", "RGB")):  # fmt: skip
        written = io.BytesIO()
        Image.new(mode, (9, 7)).save(written, kind)
        seeds.append(written.getvalue())
    return seeds


def read_picture_file(content: bytes, _folder: Path) -> None:
    try:
        read_picture(content, 64, 28)
    except UnreadableImage:
        return


def read_folder_of_classes(content: bytes, _folder: Path) -> None:
    """One picture among whole ones, by a name that the first byte chooses."""
    suffix = (".png", ".jpg", ".gif", ".tif", ".webp", ".bmp", ".ppm")[content[0] % 7] if content else ".png"
    with tempfile.TemporaryDirectory(dir=_folder) as folder:
        for name in ("a", "b"):
            Path(folder, name).mkdir()
            for number in range(2):
                at(Path(folder, name), f"{number}.png", picture_seeds()[0])
        at(Path(folder, "a"), f"x{suffix}", content[1:])
        read_class_folders(Path(folder), skip_bad=bool(content and content[0] & 0x80))


def read_idx_folder(content: bytes, _folder: Path) -> None:
    """Four IDX files, one of which is given; the first byte says which."""
    names = (
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    )
    with tempfile.TemporaryDirectory(dir=_folder) as folder:
        for number, name in enumerate(names):
            whole = idx_bytes(2, 4, 4) if "images" in name else idx_bytes(2)
            mine = bool(content) and content[0] % 4 == number
            at(Path(folder), name, content[1:] if mine else whole)
        load_own(Path(folder))


READERS = (
    Reader("idx", read_idx_file, idx_seeds, 30),
    Reader("idx-folder", read_idx_folder, lambda: [b"\0" + idx_bytes(2, 4, 4), b"\1" + idx_bytes(2)], 5),
    Reader("npz", read_npz_file, npz_seeds, 8),
    Reader("npz-array", read_npz_array, npz_array_seeds, 8),
    Reader("cifar", read_cifar_file, lambda: [gzip.compress(cifar_tar(), 1, mtime=0)], 4),
    Reader("cifar-members", read_cifar_members, lambda: [cifar_tar()], 4),
    Reader("picture", read_picture_file, picture_seeds, 20),
    Reader("class-folders", read_folder_of_classes, lambda: [b"\0" + one for one in picture_seeds()], 2),
)
