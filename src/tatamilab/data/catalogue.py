"""The data sets known by name: what they are, where they come from, and their published hashes.

Each file is known by two hashes: that of the file as its authors publish it, and, where it is known, that of
its content once inflated, which also holds for a copy that somebody compressed anew.

Sources of the hashes: MNIST's and Fashion-MNIST's contents, the files themselves; the published gzip files of
Fashion-MNIST and KMNIST, torchvision's prototype data sets; CIFAR-10, torchvision's Ruby edition, for the
file whose MD5 sum the data set's page gives (c32a1d4ab5d03f1284b67883e8d87530).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from tatamilab.i18n import _


@dataclass(frozen=True)
class KnownFile:
    """One file of a data set, as its authors publish it.

    Args:
        name: name of the file.
        url: official address; `None` for what is inside the package.
        sha256: of the file as published; `None` for what is inside the package.
        content_sha256: of its content once inflated; `None` where it is not known.
        shape: of the array inside, for IDX files.
    """

    name: str
    url: str | None
    sha256: str | None
    content_sha256: str | None = None
    shape: tuple[int, ...] = ()


@dataclass(frozen=True)
class Words:
    """What a person calls a data set and its classes."""

    title: str
    class_names: tuple[str, ...]


@dataclass(frozen=True)
class KnownDataset:
    """A data set of the catalogue.

    Args:
        name: what `load` and `--data` call it.
        words: gives its title and class names in the language in force.
        image_shape: rows, columns, channels.
        n_train: number of training images.
        n_test: number of test images.
        homepage: where its authors describe it.
        licence: SPDX identifier; `None` if its authors state none.
        download_bytes: size of its files as published.
        layout: "idx" for four files (training images and labels, test images and labels), "cifar" for one
            archive of records.
        files: its files, in that order.
    """

    name: str
    words: Callable[[], Words]
    image_shape: tuple[int, int, int]
    n_train: int
    n_test: int
    homepage: str
    licence: str | None
    download_bytes: int
    layout: Literal["idx", "cifar"]
    files: tuple[KnownFile, ...]

    @property
    def title(self) -> str:
        """Its title, in the language in force."""
        return self.words().title

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of its classes, in the language in force."""
        return self.words().class_names

    @property
    def packaged(self) -> bool:
        """Whether its files are inside the package, so that no network is ever needed."""
        return all(file.url is None for file in self.files)

    @property
    def remedy(self) -> str:
        """What to do about a bad file of it, as the end of a sentence."""
        if self.packaged:
            return _("reinstall tatamilab")
        return _("fetch it again with `tatami data fetch {name}`", name=self.name)


def _digits() -> Words:
    return Words(_("MNIST handwritten digits"), tuple("0123456789"))


def _clothes() -> Words:
    return Words(
        _("Fashion-MNIST pictures of clothes"),
        (
            _("T-shirt/top"),
            _("Trouser"),
            _("Pullover"),
            _("Dress"),
            _("Coat"),
            _("Sandal"),
            _("Shirt"),
            _("Sneaker"),
            _("Bag"),
            _("Ankle boot"),
        ),
    )


def _kuzushiji() -> Words:
    return Words(
        _("Kuzushiji-MNIST cursive hiragana"),
        (_("o"), _("ki"), _("su"), _("tsu"), _("na"), _("ha"), _("ma"), _("ya"), _("re"), _("wo")),
    )


def _objects() -> Words:
    return Words(
        _("CIFAR-10 colour pictures of things"),
        (
            _("airplane"),
            _("automobile"),
            _("bird"),
            _("cat"),
            _("deer"),
            _("dog"),
            _("frog"),
            _("horse"),
            _("ship"),
            _("truck"),
        ),
    )


_TRAIN_IMAGES, _TRAIN_LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"
_TEST_IMAGES, _TEST_LABELS = "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"


def _idx_files(
    folder: str | None, hashes: Mapping[str, tuple[str | None, str | None]]
) -> tuple[KnownFile, ...]:
    """The four files of an MNIST look-alike, with (hash of the file, hash of its content) by name."""
    shapes = {
        _TRAIN_IMAGES: (60_000, 28, 28),
        _TRAIN_LABELS: (60_000,),
        _TEST_IMAGES: (10_000, 28, 28),
        _TEST_LABELS: (10_000,),
    }
    return tuple(
        KnownFile(name, folder and folder + name, *hashes[name], shape) for name, shape in shapes.items()
    )


MNIST = KnownDataset(
    name="mnist",
    words=_digits,
    image_shape=(28, 28, 1),
    n_train=60_000,
    n_test=10_000,
    homepage="http://yann.lecun.com/exdb/mnist/",
    licence="CC-BY-SA-3.0",
    download_bytes=0,
    layout="idx",
    files=_idx_files(
        None,
        {
            _TRAIN_IMAGES: (None, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
            _TRAIN_LABELS: (None, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
            _TEST_IMAGES: (None, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
            _TEST_LABELS: (None, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
        },
    ),
)

FASHION_MNIST = KnownDataset(
    name="fashion-mnist",
    words=_clothes,
    image_shape=(28, 28, 1),
    n_train=60_000,
    n_test=10_000,
    homepage="https://github.com/zalandoresearch/fashion-mnist",
    licence="MIT",
    download_bytes=30_878_645,
    layout="idx",
    files=_idx_files(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        {
            _TRAIN_IMAGES: (
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            ),
            _TRAIN_LABELS: (
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            ),
            _TEST_IMAGES: (
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            ),
            _TEST_LABELS: (
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            ),
        },
    ),
)

KMNIST = KnownDataset(
    name="kmnist",
    words=_kuzushiji,
    image_shape=(28, 28, 1),
    n_train=60_000,
    n_test=10_000,
    homepage="https://codh.rois.ac.jp/kmnist/",
    licence="CC-BY-SA-4.0",
    download_bytes=21_240_888,
    layout="idx",
    files=_idx_files(
        "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        {
            _TRAIN_IMAGES: ("51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4", None),
            _TRAIN_LABELS: ("e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17", None),
            _TEST_IMAGES: ("edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5", None),
            _TEST_LABELS: ("20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c", None),
        },
    ),
)

CIFAR10 = KnownDataset(
    name="cifar10",
    words=_objects,
    image_shape=(32, 32, 3),
    n_train=50_000,
    n_test=10_000,
    homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
    licence=None,
    download_bytes=170_052_171,
    layout="cifar",
    files=(
        KnownFile(
            name="cifar-10-binary.tar.gz",
            url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
            sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        ),
    ),
)

CATALOGUE: Mapping[str, KnownDataset] = MappingProxyType(
    {known.name: known for known in (MNIST, FASHION_MNIST, KMNIST, CIFAR10)}
)
"""Every data set that is known by name."""
