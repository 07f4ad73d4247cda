"""Gates: limits that an evaluation has to keep, for a pipeline that must stop when it does not."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from grader.errors import InputError

BETTER_WHEN_HIGH = ("pearson", "spearman", "qwk", "alpha", "macro_f1_2way")
BETTER_WHEN_LOW = ("mae", "rmse")


@dataclass(frozen=True, slots=True)
class Gate:
    """One limit, and whether it was kept."""

    name: str
    met: bool
    message: str


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits that a user set; None is no limit."""

    min_qwk: float | None = None
    max_bias: float | None = None
    max_regression: float | None = None


def check(metrics: Mapping[str, Any] | None, limits: Limits, baseline: Mapping[str, Any] | None) -> list[Gate]:
    """Return every gate of `eval run`. An undefined figure does not pass a gate."""
    values = {name: figure["value"] for name, figure in (metrics or {}).items()}
    gates = []
    if limits.min_qwk is not None:
        qwk = values.get("qwk")
        gates.append(Gate("min-qwk", qwk is not None and qwk >= limits.min_qwk, f"QWK {qwk}, least {limits.min_qwk}"))
    if limits.max_bias is not None:
        bias = values.get("bias")
        met = bias is not None and abs(bias) <= limits.max_bias
        gates.append(Gate("max-bias", met, f"bias {bias}, most {limits.max_bias} either way"))
    if limits.max_regression is not None and baseline is not None:
        gates.extend(_regressions(values, baseline, limits.max_regression))
    return gates


def _regressions(values: Mapping[str, float | None], baseline: Mapping[str, Any], most: float) -> Iterator[Gate]:
    for name in (*BETTER_WHEN_HIGH, *BETTER_WHEN_LOW):
        before, now = baseline.get(name, {}).get("value"), values.get(name)
        if before is None:
            continue
        worse = None if now is None else (before - now if name in BETTER_WHEN_HIGH else now - before)
        met = worse is not None and worse <= most + 1e-9
        yield Gate(f"regression-{name}", met, f"{name} {now}, baseline {before}, at most {most} worse")


def read_baseline(path: Path) -> Mapping[str, Any]:
    """Return the metrics of an earlier `eval run --json`. Raises InputError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise InputError(f"{path}: cannot be read as the JSON of an earlier eval run: {exc}") from exc
    metrics = content.get("metrics") if isinstance(content, dict) else None
    if not isinstance(metrics, dict) or not all(isinstance(figure, dict) for figure in metrics.values()):
        raise InputError(f"{path}: no 'metrics' in it; make it with: grader eval run FILE --json > {path.name}")
    return metrics


def write_junit(path: Path, suite: str, gates: Sequence[Gate]) -> None:
    """Write the gates as JUnit XML, one test case each. Raises InputError."""
    failures = [gate for gate in gates if not gate.met]
    root = ET.Element("testsuites")
    element = ET.SubElement(root, "testsuite", name=suite, tests=str(len(gates)), failures=str(len(failures)))
    for gate in gates:
        case = ET.SubElement(element, "testcase", classname=suite, name=gate.name)
        if gate.met:
            ET.SubElement(case, "system-out").text = gate.message
        else:
            ET.SubElement(case, "failure", message=gate.message)
    ET.indent(root)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    except OSError as exc:
        raise InputError(f"{path}: cannot be written: {exc.strerror or exc}") from exc
