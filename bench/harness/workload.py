"""The images that all programs are given: files in one folder, which is every program's current folder.

mnist/x_train.npy, y_train.npy, x_test.npy, y_test.npy    uint8 (n, 28, 28, 1) and (n,)
mnist/*.bin                                               the same bytes without a header, for C++
cifar-shaped/x_train.npy, y_train.npy                     uint8 (10000, 32, 32, 3): synthetic images
initial_weights.npz                                       of the worksheet's network, in Keras's order
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

N_SYNTHETIC = 10_000
N_CLASSES = 10


def write(folder: Path) -> None:
    """Writes everything into `folder`; needs tatamilab."""
    from tatamilab.data import load as load_dataset

    mnist = load_dataset("mnist")
    (folder / "mnist").mkdir()
    for name in ("x_train", "y_train", "x_test", "y_test"):
        array = getattr(mnist, name).astype(np.uint8)
        np.save(folder / "mnist" / f"{name}.npy", array)
        array.tofile(folder / "mnist" / f"{name}.bin")
    x, y = synthetic_images(N_SYNTHETIC)
    (folder / "cifar-shaped").mkdir()
    np.save(folder / "cifar-shaped" / "x_train.npy", x)
    np.save(folder / "cifar-shaped" / "y_train.npy", y)
    np.savez(folder / "initial_weights.npz", *lab_weights())


def read(name: str, part: str = "train", data_size: int | None = None) -> tuple[NDArray, NDArray]:
    """The first images as the worksheet prepares them (float32, 0 to 1), and their labels."""
    x = np.load(Path(name) / f"x_{part}.npy", mmap_mode="r")[:data_size]
    y = np.load(Path(name) / f"y_{part}.npy")[:data_size]
    return x.astype(np.float32) / np.float32(255), y


def synthetic_images(n: int, seed: int = 0) -> tuple[NDArray, NDArray]:
    """Images shaped like CIFAR-10's that can be learnt: ten patterns under noise, uint8 (n, 32, 32, 3)."""
    rng = np.random.default_rng(seed)
    patterns = rng.integers(0, 128, (N_CLASSES, 32, 32, 3), np.uint8)
    labels = rng.integers(0, N_CLASSES, n, np.uint8)
    return patterns[labels] + rng.integers(0, 128, (n, 32, 32, 3), np.uint8), labels


def lab_weights(seed: int = 0) -> list[NDArray]:
    """Glorot-uniform weights of the worksheet's network: kernel and bias of each of its three layers."""
    rng = np.random.default_rng(seed)

    def kernel(*shape: int) -> NDArray:
        positions = int(np.prod(shape[:-2]))
        limit = np.sqrt(6 / (positions * (shape[-2] + shape[-1])))
        return rng.uniform(-limit, limit, shape).astype(np.float32)

    kernels = kernel(5, 5, 1, 32), kernel(4608, 20), kernel(20, 10)
    return [array for k in kernels for array in (k, np.zeros(k.shape[-1], np.float32))]
