"""Predicts the 10,000 test images with the worksheet's network in ONNX Runtime. `… ONNX_BATCH THREADS`."""

import sys

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from harness import workload
from harness.protocol import Bench


def lab_network(weights: list[NDArray], batch_size: int) -> bytes:
    """The network as ONNX: channels first, so that the first dense kernel's rows are put in that order."""
    filters, filter_bias, kernel_1, bias_1, kernel_2, bias_2 = weights
    channels_first = kernel_1.reshape(12, 12, 32, 20).transpose(2, 0, 1, 3).reshape(4608, 20)
    constants = {
        "filters": np.ascontiguousarray(filters.transpose(3, 2, 0, 1)),
        "filter_bias": filter_bias,
        "kernel_1": channels_first,
        "bias_1": bias_1,
        "kernel_2": kernel_2,
        "bias_2": bias_2,
    }
    nodes = [
        helper.make_node("Conv", ["x", "filters", "filter_bias"], ["convolved"]),
        helper.make_node("Relu", ["convolved"], ["rectified"]),
        helper.make_node("MaxPool", ["rectified"], ["pooled"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["pooled"], ["features"]),
        helper.make_node("Gemm", ["features", "kernel_1", "bias_1"], ["hidden"]),
        helper.make_node("Relu", ["hidden"], ["hidden_rectified"]),
        helper.make_node("Gemm", ["hidden_rectified", "kernel_2", "bias_2"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"]),
    ]
    graph = helper.make_graph(
        nodes,
        "worksheet",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch_size, 1, 28, 28])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [batch_size, 10])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def main() -> None:
    bench = Bench()
    batch_size, n_threads = int(sys.argv[1]), int(sys.argv[2])
    x, y = workload.read("mnist", "test")
    x = x.reshape(-1, batch_size, 1, 28, 28)
    stored = np.load("initial_weights.npz")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    session = onnxruntime.InferenceSession(
        lab_network([stored[name] for name in stored.files], batch_size),
        options,
        providers=["CPUExecutionProvider"],
    )

    def predict() -> dict[str, float]:
        probabilities = np.concatenate([session.run(None, {"x": batch})[0] for batch in x])
        return {"mean_p_of_label": float(probabilities[np.arange(len(y)), y].mean())}

    bench.ready(onnxruntime=onnxruntime.__version__)
    bench.serve(predict)


if __name__ == "__main__":
    main()
