"""Makes the record of a run from what it was prepared with and what it came to."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tatamilab import machine
from tatamilab.experiment.preparation import Prepared
from tatamilab.experiment.record import (
    SCHEMA,
    DataRecord,
    LayerRecord,
    ModelRecord,
    RunRecord,
    Status,
    TrainingRecord,
    command_line,
)
from tatamilab.experiment.scoring import Score
from tatamilab.files import sha256

if TYPE_CHECKING:
    import keras

PACKAGES = ("tatamilab", "keras", "jax", "jaxlib", "tensorflow", "torch", "llvmlite", "numpy", "matplotlib")
"""Packages whose version can change a number or a figure."""

FACTS = (
    "platform",
    "architecture",
    "cpu_name",
    "vector_extension",
    "vector_bits",
    "physical_cores",
    "caches",
    "keras_backend",
)
"""What is kept of the machine: what can change a number or a time, and nothing that tells whose it is."""


def record_of(
    prepared: Prepared,
    status: Status,
    *,
    error: str | None,
    training: TrainingRecord | None,
    untrained: Score | None,
    trained: Score | None,
    timings_s: dict[str, float],
) -> RunRecord:
    """The record of a run that ended as `status` says."""
    versions, facts = versions_and_facts()
    return RunRecord(
        schema=SCHEMA,
        status=status,
        error=error,
        started=prepared.started.isoformat(timespec="seconds"),
        folder=prepared.path,
        command=command_line(prepared.options),
        options=prepared.options.as_dict(),
        data=_data(prepared),
        model=_model(prepared),
        training=training,
        untrained=untrained,
        trained=trained,
        timings_s=timings_s,
        versions=versions,
        machine=facts,
    )


def _data(prepared: Prepared) -> DataRecord:
    dataset, source = prepared.dataset, prepared.dataset.provenance
    return DataRecord(
        name=dataset.name,
        source=source.source,
        licence=source.licence,
        hashes=dict(source.hashes),
        notes=source.notes,
        class_names=dataset.class_names,
        image_shape=dataset.image_shape,
        n_train=prepared.split.n_train,
        n_validation=prepared.split.n_validation,
        n_test=len(dataset.x_test),
    )


def _model(prepared: Prepared) -> ModelRecord:
    model, spec = prepared.model, Path(prepared.options.model)
    return ModelRecord(
        name=model.name,
        n_parameters=model.count_params(),
        layers=tuple(_layer(layer) for layer in model.layers),
        file_sha256=sha256(spec.read_bytes()) if spec.suffix == ".keras" else None,
    )


def _layer(layer: "keras.Layer") -> LayerRecord:
    return LayerRecord(
        name=layer.name,
        type=type(layer).__name__,
        output_shape=tuple(layer.output.shape[1:]),
        n_parameters=layer.count_params(),
    )


def versions_and_facts() -> tuple[dict[str, str], dict[str, Any]]:
    """The versions of what can change a number, and the machine's facts."""
    found = machine.facts()
    versions = {name: found["versions"][name] for name in PACKAGES if name in found["versions"]}
    return {"python": found["python"], **versions}, {
        name: list(value) if isinstance(value := found[name], tuple) else value for name in FACTS
    }
