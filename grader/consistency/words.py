"""The word lists that the rules use."""

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from grader.errors import InputError

Pair = tuple[str, str]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Injection(_Strict):
    """One kind of instruction to a grader."""

    name: str
    text: str


class Words(_Strict):
    """The content of `eval/consistency.yaml`, which says what each list is for."""

    names: tuple[Pair, ...]
    spellings: tuple[Pair, ...]
    ize_stems: tuple[str, ...]
    prefaces: tuple[str, ...]
    praise: tuple[str, ...]
    pleas: tuple[str, ...]
    injections: tuple[Injection, ...]
    fences: tuple[str, ...]
    hidden: str
    padding: tuple[str, ...]
    opposites: tuple[Pair, ...]
    ornate: tuple[Pair, ...]
    ornate_openings: tuple[str, ...]
    non_native: tuple[Pair, ...]
    terse: tuple[Pair, ...]
    terse_dropped: tuple[str, ...]


def load_words(path: Path) -> Words:
    """Return the word lists in a file. Raises InputError."""
    try:
        return Words.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise InputError(f"{path}: cannot be read: {exc}") from exc
    except ValidationError as exc:
        faults = [f"{path}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in exc.errors()]
        raise InputError("\n".join(faults)) from exc
