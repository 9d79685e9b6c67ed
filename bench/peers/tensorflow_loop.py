"""The lab run on TensorFlow without Keras: a whole epoch in one `tf.function`, batches by `tf.gather`.

The best of the loops that were tried on TensorFlow: XLA and `tf.data` were slower on a CPU.
"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf

from harness import workload
from harness.protocol import Bench
from trainings import BATCH_SIZE

N_TRAIN = 54_000
EVALUATED_AT_ONCE = 1000
LEARNING_RATE, BETA_1, BETA_2, EPSILON = 0.001, 0.9, 0.999, 1e-7


class LabRun:
    """Network, Adam's state and the data, all inside TensorFlow."""

    def __init__(self) -> None:
        x, y = workload.read("mnist")
        y = y.astype(np.int32)
        self.x, self.y = tf.constant(x[:N_TRAIN]), tf.constant(y[:N_TRAIN])
        self.x_val, self.y_val = tf.constant(x[N_TRAIN:]), tf.constant(y[N_TRAIN:])
        self.weights = [tf.Variable(w) for w in workload.lab_weights()]
        self.slots = [(tf.Variable(w * 0), tf.Variable(w * 0)) for w in workload.lab_weights()]
        self.beta_1_power, self.beta_2_power = tf.Variable(1.0), tf.Variable(1.0)

    def logits(self, x: tf.Tensor) -> tf.Tensor:
        filters, filter_bias, kernel_1, bias_1, kernel_2, bias_2 = self.weights
        y = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, filters, 1, "VALID"), filter_bias))
        y = tf.reshape(tf.nn.max_pool2d(y, 2, 2, "VALID"), [-1, 4608])
        return tf.nn.relu(y @ kernel_1 + bias_1) @ kernel_2 + bias_2

    def step(self, x: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """One step of Adam; the batch's summed loss and number of hits."""
        with tf.GradientTape() as tape:
            logits = self.logits(x)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
            loss = tf.reduce_mean(losses)
        self.beta_1_power.assign(self.beta_1_power * BETA_1)
        self.beta_2_power.assign(self.beta_2_power * BETA_2)
        gradients = tape.gradient(loss, self.weights)
        for weight, (m, v), gradient in zip(self.weights, self.slots, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=weight.handle,
                m=m.handle,
                v=v.handle,
                beta1_power=self.beta_1_power,
                beta2_power=self.beta_2_power,
                lr=LEARNING_RATE,
                beta1=BETA_1,
                beta2=BETA_2,
                epsilon=EPSILON,
                grad=gradient,
            )
        return tf.reduce_sum(losses), hits(logits, y)

    @tf.function
    def epoch(self, order: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        total, right = 0.0, 0
        for first in tf.range(0, N_TRAIN, BATCH_SIZE):
            batch = order[first : first + BATCH_SIZE]
            loss, n_hits = self.step(tf.gather(self.x, batch), tf.gather(self.y, batch))
            total, right = total + loss, right + n_hits
        return total, right

    @tf.function
    def evaluate(self) -> tuple[tf.Tensor, tf.Tensor]:
        total, right = 0.0, 0
        for first in tf.range(0, self.x_val.shape[0], EVALUATED_AT_ONCE):
            x = self.x_val[first : first + EVALUATED_AT_ONCE]
            y = self.y_val[first : first + EVALUATED_AT_ONCE]
            logits = self.logits(x)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
            total, right = total + tf.reduce_sum(losses), right + hits(logits, y)
        return total, right


def hits(logits: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.cast(tf.argmax(logits, 1, output_type=tf.int32) == y, tf.int32))


def main() -> None:
    bench = Bench()
    run = LabRun()
    rng = np.random.default_rng(0)

    def epoch() -> dict[str, float]:
        run.epoch(tf.constant(rng.permutation(N_TRAIN).astype(np.int32)))
        _, right = run.evaluate()
        return {"val_accuracy": int(right) / run.x_val.shape[0]}

    bench.ready(tensorflow=tf.__version__)
    bench.serve(epoch)


if __name__ == "__main__":
    main()
