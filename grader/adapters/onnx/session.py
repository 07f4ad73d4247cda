"""ONNX Runtime on this machine's CPU."""

import os
from pathlib import Path
from typing import Any

from grader.errors import ConfigError


def load_session(model: Path, threads: int) -> Any:
    """Return an inference session over a model file. Raises ConfigError."""
    try:
        return open_session(model, threads)
    except Exception as exc:  # ONNX Runtime has many, and they have no common base
        raise ConfigError(f"{model}: cannot be loaded: {exc}; delete the folder, and it is made again") from exc


def open_session(model: Path | bytes, threads: int) -> Any:
    """Return an inference session over a model file or its bytes."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # the graph is written as it is to run: fused further, adding and normalising would take five times as long
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    source = model if isinstance(model, bytes) else str(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
