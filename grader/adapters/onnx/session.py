"""ONNX Runtime on this machine's CPU."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from grader.errors import ConfigError

T = TypeVar("T")


def load_session(model: Path) -> Any:
    """Return an inference session over a model file. Raises ConfigError."""
    try:
        return open_session(model)
    except Exception as exc:  # ONNX Runtime has many, and they have no common base
        raise ConfigError(f"{model}: cannot be loaded: {exc}; delete the folder, and it is made again") from exc


def open_session(model: Path | bytes, threads: int = 1) -> Any:
    """Return an inference session over a model file or its bytes. A batch takes one thread: see `in_threads`."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # the graph is written as it is to run: fused further, adding and normalising would take five times as long
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def in_threads(work: Callable[[T], None], batches: Iterable[T], threads: int) -> None:
    """Do the work on each batch, so many at once.

    Batches side by side keep all cores busy, results being packed while others are computed; sharing one out would
    leave them waiting for each other at every product.
    """
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, batches):
            pass


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
