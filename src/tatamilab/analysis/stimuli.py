"""Images and filters changed so that one thing about them is lost and the rest is kept."""

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]
Kernel = NDArray[np.float32]


def permute_pixels(images: Images, rng: np.random.Generator) -> Images:
    """All images (n, h, w, c) with their pixels moved to other places, the same for every image.

    Kept: every pixel's values and what they say together. Lost: which pixels are neighbours.
    """
    n, h, w, c = images.shape
    return images.reshape(n, h * w, c)[:, rng.permutation(h * w)].reshape(images.shape)


def scramble_phases(images: Images, rng: np.random.Generator) -> Images:
    """Every image (n, h, w, c) with its own random phases in place of its own, the same in all its channels.

        x̃ = F⁻¹(|F x| e^{i(arg F x + ψ)}),    ψ the phases of the transform of white noise

    Kept: each image's power spectrum, so the correlations between its pixels (around the edges too), and its mean.
    Lost: edges, strokes, where anything is. Values may leave the range of the original ones.

    Source:
        Oppenheim & Lim (1981), The importance of phase in signals.
    """
    from scipy import fft

    n, h, w, _c = images.shape
    noise = fft.rfft2(rng.standard_normal((n, h, w), dtype=np.float32), axes=(1, 2))
    turn = noise / np.maximum(np.abs(noise), np.finfo(np.float32).tiny)
    turn[:, 0, 0] = 1  # the mean
    spectrum = fft.rfft2(images, axes=(1, 2)) * turn[..., None]
    return np.asarray(fft.irfft2(spectrum, s=(h, w), axes=(1, 2)), dtype=np.float32)


def rotate_quarter(images: Images) -> Images:
    """Every image (n, h, w, c) turned by 90° against the clock; nothing else changes."""
    return np.ascontiguousarray(np.rot90(images, axes=(1, 2)))


def permute_within_filters(kernel: Kernel, rng: np.random.Generator) -> Kernel:
    """Every filter of a kernel (h, w, c, o) with its own weights in random places, each filter differently.

    Kept: each filter's weights, so its norm, mean and histogram. Lost: its pattern.
    """
    flat = kernel.reshape(-1, kernel.shape[-1])
    return rng.permuted(flat, axis=0).reshape(kernel.shape)


def gabor_bank(like: Kernel) -> Kernel:
    """Gabor functions in the size, number and norms of a kernel (h, w, c, o), the same in every channel.

    Eight orientations in turn, each with two phases (even and odd), then with the next of two frequencies (1/5 and
    1/3 cycles a pixel), then in the opposite sign; round envelope, σ a quarter of the side; mean taken out.
    """
    h, w, c, o = like.shape
    number = np.arange(o)
    theta = np.pi * (number % 8) / 8
    phase = np.pi / 2 * (number // 8 % 2)
    frequency = np.where(number // 16 % 2, 1 / 3, 1 / 5)
    sign = np.where(number // 32 % 2, -1.0, 1.0)
    y, x = np.mgrid[:h, :w].astype(np.float64)[..., None] - np.array([h - 1, w - 1])[:, None, None, None] / 2
    envelope = np.exp(-(np.square(x) + np.square(y)) / (2 * h * w / 16))
    wave = sign * envelope * np.cos(2 * np.pi * frequency * (x * np.cos(theta) + y * np.sin(theta)) - phase)
    forms = np.repeat((wave - wave.mean(axis=(0, 1)))[:, :, None], c, axis=2)
    norms = np.sqrt(np.square(forms).sum(axis=(0, 1, 2)))
    return (forms * np.sqrt(np.square(like).sum(axis=(0, 1, 2))) / norms).astype(np.float32)
