"""What the engine must reach: every case with its peers and goals; "at least" is a must, "aim" a hope."""

from harness.cases import Bound, Case, Ratio
from harness.machine import N_CORES
from harness.programs import Program

TENSORFLOW = ("tensorflow-cpu==2.21.0",)
ONNX = ("onnxruntime==1.32.0", "onnx==1.23.2")
ONEDNN = ("onednn-cpu-gomp==2023.2.0", "onednn-devel-cpu-gomp==2023.2.0")
N_THREADS = str(N_CORES)

OURS = Program("tatamilab", "ours")
LEAN = Program("tatamilab", "ours_lean")
KERAS = Program("Keras on TensorFlow", "peers.keras_tensorflow", packages=TENSORFLOW)
TF_LOOP = Program("TensorFlow, epoch in a tf.function", "peers.tensorflow_loop", packages=TENSORFLOW)
ONEDNN_LAB = Program(
    "oneDNN, direct", "peers.onednn", packages=ONEDNN, variables={"OMP_NUM_THREADS": N_THREADS}
)
PROTOTYPE = Program("llvmlite prototype", "peers.prototype")
ONNX_RUNTIME = Program("ONNX Runtime", "peers.onnx_runtime", ("125", N_THREADS), ONNX)


def training(name: str, title: str, rounds: int, at_least: float, aim: float) -> Case:
    """A training that is compared with Keras on TensorFlow."""
    programs = {"ours": OURS.given(name, N_THREADS), "keras": KERAS.given(name)}
    return Case(name, title, "s", rounds, programs, (Ratio("ours", "keras", at_least, aim),))


CASES = (
    Case(
        "lab",
        "lab run, an epoch of 54,000 images with validation on 6,000",
        "s",
        rounds=7,
        programs={
            "ours": OURS.given("lab", N_THREADS),
            "keras": KERAS.given("lab"),
            "tf-loop": TF_LOOP,
            "onednn": ONEDNN_LAB,
            "prototype": PROTOTYPE,
        },
        goals=(
            Ratio("ours", "keras", at_least=9, aim=14),
            Ratio("ours", "tf-loop", at_least=5.5, aim=8),
            Ratio("ours", "onednn", at_least=1.9, aim=2.8),
            Ratio("ours", "prototype", at_least=0.95, aim=1.15),
        ),
    ),
    Case(
        "process",
        "lab run, ten epochs, the whole process from `python` to weights on disk",
        "s",
        rounds=3,
        programs={
            "ours": OURS.as_whole_process("process", N_THREADS),
            "keras": KERAS.as_whole_process("process"),
        },
        goals=(Ratio("ours", "keras", at_least=7, aim=10),),
    ),
    training("small", "540 images × 50 epochs, Dense(128), with validation on 60", 5, at_least=10, aim=15),
    training("twoconv", "two convolutions (32, 64@3×3), Dense(128), an epoch of MNIST", 4, at_least=3, aim=6),
    training(
        "cifar",
        "three convolutions with batch normalisation and dropout, an epoch of 9,000 synthetic CIFAR-10s",
        4,
        at_least=1.5,
        aim=3,
    ),
    Case(
        "predict",
        "predict 10,000 images with the worksheet's network",
        "s",
        rounds=20,
        programs={"ours": OURS.given("predict", N_THREADS), "onnx": ONNX_RUNTIME},
        goals=(Ratio("ours", "onnx", at_least=1.2, aim=2),),
    ),
    Case(
        "threads",
        "lab run, an epoch with validation, by number of threads on two cores",
        "s",
        rounds=7,
        programs={
            "one": Program("one thread", "ours", ("lab", "1")),
            "two": Program("two threads", "ours", ("lab", "2")),
            "four": Program("four threads", "ours", ("lab", "4")),
        },
        goals=(
            Ratio("two", "one", at_least=1.85, aim=1.97),
            Ratio("four", "two", at_least=0.8, aim=0.95),
        ),
    ),
    Case(
        "memory",
        "lab run, peak memory over that with llvmlite initialised and arrays loaded",
        "MB",
        rounds=2,
        programs={"ours": LEAN.as_whole_process("memory", N_THREADS)},
        goals=(Bound("ours", at_least=60, aim=30),),
    ),
    Case(
        "start",
        "from `import tatamilab.engine` with a stored graph to the first step done",
        "s",
        rounds=7,
        programs={
            "cold": Program("nothing cached", "ours_lean").as_whole_process("start", N_THREADS, "cold"),
            "cached": Program("code cached", "ours_lean").as_whole_process("start", N_THREADS, "cached"),
        },
        goals=(Bound("cold", at_least=0.7, aim=0.5), Bound("cached", at_least=0.4, aim=0.25)),
    ),
)
