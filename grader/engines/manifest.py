"""The manifest of a run: what went into its grades, by name and hash, so that nothing is ever mixed."""

import platform
import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from grader import __version__
from grader.answers import AnswerFile
from grader.bank import Bank
from grader.errors import InputError
from grader.pipeline.grader import Grader
from grader.settings import Settings

_SETTINGS = ("bank", "embedder", "profile", "pass_mark", "seed")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LIBRARIES = ("numpy", "torch", "sentence-transformers", "onnxruntime", "openai")


def make_manifest(answers: AnswerFile, grader: Grader, settings: Settings) -> dict[str, Any]:
    """Return the manifest of grading these (checked) answers: as JSON, the same for the same inputs.

    `inputs` is what a grade depends on, each with its SHA-256 or value and, where it is a file, its path.
    """
    inputs: dict[str, dict[str, str]] = {"answers": {"path": str(answers.path), "sha256": answers.sha256}}
    if answers.bank is not None:
        inputs["bank"] = {"path": str(settings.bank), "sha256": answers.bank.fingerprint}
    return _manifest({**inputs, **grader_inputs(grader)}, settings)


def practice_manifest(bank: Bank, settings: Settings) -> dict[str, Any]:
    """Return the manifest of a sitting, as JSON, so far as it is known before the grader is: see `grader_inputs`."""
    return _manifest({"bank": {"path": str(settings.bank), "sha256": bank.fingerprint}}, settings)


def grader_inputs(grader: Grader) -> dict[str, dict[str, str]]:
    """Return what a grader's grades depend on: each part with its SHA-256 or its value."""
    parts = {name: {_kind(value): value} for name, value in sorted(grader.parts.items())}
    return {**parts, "grader": {"sha256": grader.fingerprint}}


def _manifest(inputs: Mapping[str, Mapping[str, str]], settings: Settings) -> dict[str, Any]:
    return {
        "inputs": inputs,
        "settings": {name: _plain(getattr(settings, name)) for name in _SETTINGS},
        "versions": {"grader": __version__, "python": platform.python_version(), **_versions()},
    }


def check_same_inputs(begun: Mapping[str, Any], now: Mapping[str, Any], where: str) -> None:
    """Refuse to go on with a run whose inputs have changed since it was begun.

    Raises:
        InputError: something differs: each thing by name, with the hash it had and the hash it has.

    """
    before, after = begun["inputs"], now["inputs"]
    pairs = [(name, before.get(name), after.get(name)) for name in {**before, **after}]
    changes = [
        f"  {_named(name, new or before[name])}: was {_value(old)}, is {_value(new)}"
        for name, old, new in pairs
        if _value(old) != _value(new)
    ]
    if len(changes) > 1:  # the grader's own hash only sums up the parts that were named
        changes = [line for line in changes if not line.startswith("  grader:")]
    if changes:
        raise InputError(
            f"{where}: this run was begun with other inputs, and grades are never mixed:\n"
            + "\n".join(changes)
            + "\ngive another folder with --out, or --fresh to start over (the earlier grades stay in the record)"
        )


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


def _named(name: str, entry: Mapping[str, str]) -> str:
    return f"{name} {entry['path']}" if "path" in entry else name


def _kind(value: str) -> str:
    return "sha256" if _SHA256.fullmatch(value) else "value"


def _value(entry: Mapping[str, str] | None) -> str:
    """Return an input's hash or value: what two runs must agree in, whatever the path."""
    return "not there" if entry is None else entry.get("sha256") or entry["value"]


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
