"""Each loss of one image, and its gradient by the output, in float64 NumPy, as Keras computes it on JAX."""

import numpy as np
from scipy.special import expit, log_expit, log_softmax

from tatamilab.engine import graph as g

Array = np.ndarray
EPSILON = 1e-7


def per_image(loss: g.Loss, output: Array, y: Array) -> tuple[Array, Array]:
    """The loss of each image (n,), and its gradient by that image's output, of the output's shape.

    Args:
        loss: which one.
        output: what the network returned: (n, *shape).
        y: (n,) or (n, 1) class numbers for the sparse cross-entropy, else of the output's shape.
    """
    if loss.kind == "sparse_categorical_crossentropy":
        target = np.reshape(y, -1)[:, None] == np.arange(output.shape[-1])
        return _crossentropy(target.astype(np.float64), output, loss.from_logits)
    target = np.reshape(y, output.shape).astype(np.float64)
    s = loss.label_smoothing
    if loss.kind == "categorical_crossentropy":
        target = target * (1 - s) + s / output.shape[-1]
        return _crossentropy(target, output, loss.from_logits)
    if loss.kind == "binary_crossentropy":
        target = target * (1 - s) + s / 2
        losses, d = _binary(target, output, loss.from_logits)
    elif loss.kind == "mean_squared_error":
        losses, d = (output - target) ** 2, 2 * (output - target)
    else:
        losses, d = np.abs(output - target), np.sign(output - target)
    return losses.reshape(len(output), -1).mean(axis=1), d / np.prod(output.shape[1:])


def _crossentropy(target: Array, output: Array, from_logits: bool) -> tuple[Array, Array]:
    """−Σ_k target[k] · log p[k]; from probabilities, p is output/Σ output, kept within ε of 0 and 1."""
    if from_logits:
        log = log_softmax(output, axis=-1)
        return -np.sum(target * log, axis=-1), np.exp(log) * target.sum(axis=-1, keepdims=True) - target
    total = output.sum(axis=-1, keepdims=True)
    p = output / total
    kept = np.clip(p, EPSILON, 1 - EPSILON)
    d_p = np.where((p > EPSILON) & (p < 1 - EPSILON), -target / kept, 0.0)
    d_output = (d_p - np.sum(d_p * p, axis=-1, keepdims=True)) / total
    return -np.sum(target * np.log(kept), axis=-1), d_output


def _binary(target: Array, output: Array, from_logits: bool) -> tuple[Array, Array]:
    """−target · log p − (1 − target) · log(1 − p), element by element."""
    if from_logits:
        losses = -target * log_expit(output) - (1 - target) * log_expit(-output)
        return losses, expit(output) - target
    p = np.clip(output, EPSILON, 1 - EPSILON)
    inside = (output > EPSILON) & (output < 1 - EPSILON)
    losses = -target * np.log(p) - (1 - target) * np.log(1 - p)
    return losses, np.where(inside, (p - target) / (p * (1 - p)), 0.0)
