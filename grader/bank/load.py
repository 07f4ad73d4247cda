"""Read a bank from its folder, or say which file, line and field keeps it from being read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from grader.bank.model import Bank, Location, Question, Section
from grader.bank.schema import SectionFile
from grader.errors import InputError

SECTION_FILES = "[0-9][0-9]-*.yaml"
TAGS_FILE = "tags.txt"

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_bank(folder: Path) -> Bank:
    """Return the bank in `folder`: its files `NN-section.yaml` in order of name.

    Raises:
        InputError: the folder or a file cannot be read, or breaks the format. All faults of the first bad
            file are named, each with file, line, field and what was expected.

    """
    files = sorted(folder.glob(SECTION_FILES))
    if not files:
        raise InputError(f"{folder}: no bank here: expected files named NN-section.yaml")
    sections = tuple(load_section(file) for file in files)
    _check_order(sections)
    tags_file = folder / TAGS_FILE
    lines = tags_file.read_text(encoding="utf-8").splitlines() if tags_file.is_file() else []
    tags = frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    return Bank(folder.name, sections, tags)


def load_section(file: Path) -> Section:
    """Return the section in one file. Raises InputError as `load_bank` does."""
    try:
        text = file.read_text(encoding="utf-8")
        loader = _Loader(text)  # a safe one, in C where there is one
        root = loader.get_single_node()
        content = loader.construct_document(root) if root else None
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"{file}: cannot be read: {exc}") from exc
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise InputError(f"{file}:{line}: not valid YAML: {getattr(exc, 'problem', None) or exc}") from exc
    if twice := _doubled(root):
        raise InputError(
            "\n".join(f"{file}:{line}: {key}: stands twice in one place; keep one of them" for line, key in twice)
        )
    try:
        section = SectionFile.model_validate(content)
    except ValidationError as exc:
        faults = [_fault(file, root, error) for error in exc.errors()]
        raise InputError("\n".join(faults)) from exc
    lines = [line_of(root, ("questions", index)) for index in range(len(section.questions))]
    return section.to_section(str(file), lines)


class Places:
    """Where the texts of a bank stand in its files; reads a file when its first line is asked for."""

    def __init__(self, bank: Bank) -> None:
        """Take the bank, as `load_bank` returned it."""
        self._places = {
            question.id: (Path(section.file), index)
            for section in bank.sections
            for index, question in enumerate(section.questions)
        }
        self._roots: dict[Path, yaml.Node | None] = {}

    def find(self, question: Question, location: Location) -> tuple[str, int]:
        """Return the file, and the line from 1, where the text at `location` in the question stands."""
        file, index = self._places[question.id]
        if file not in self._roots:
            self._roots[file] = yaml.compose(file.read_text(encoding="utf-8"), Loader=_Loader)
        return str(file), line_of(self._roots[file], ("questions", index, *location))


def line_of(root: yaml.Node | None, location: Location) -> int:
    """Return the line, from 1, on which the value at `location` stands (or the deepest parent that exists)."""
    node, line = root, 1
    for step in location:
        child: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == step:
                    line, child = key.start_mark.line + 1, value
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            child = node.value[step]
            line = child.start_mark.line + 1
        if child is None:
            break
        node = child
    return line


def _doubled(root: yaml.Node | None) -> list[tuple[int, str]]:
    """Return (line, key) of keys that stand twice in one mapping, of which YAML keeps the last and says nothing."""
    twice: list[tuple[int, str]] = []
    todo, seen = [root], set()
    while todo:
        node = todo.pop()
        if id(node) in seen:  # an alias can lead anywhere, also back
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            twice += [(k.start_mark.line + 1, k.value) for i, (k, _) in enumerate(node.value) if k.value in keys[:i]]
            todo += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            todo += node.value
    return sorted(twice)


def _fault(file: Path, root: yaml.Node | None, error: Any) -> str:
    location = error["loc"]
    field = ".".join(str(step + 1) if isinstance(step, int) else step for step in location) or "file"
    message = "expected keys with values" if error["type"] == "model_type" else error["msg"]
    if error["type"] == "extra_forbidden":
        message = "unknown key; see the JSON Schema (`grader bank schema`)"
    elif error["type"] not in ("missing", "too_short"):
        shown = repr(error["input"])
        message += f", not {shown if len(shown) <= 60 else shown[:57] + '...'}"
    return f"{file}:{line_of(root, location)}: {field}: {message}"


def _check_order(sections: Sequence[Section]) -> None:
    seen_ids: dict[str, str] = {}
    last_number = 0
    for section in sections:
        for question in section.questions:
            if question.id in seen_ids:
                raise InputError(
                    f"{question.source}: id: {question.id!r} is taken by {seen_ids[question.id]}; ids are unique"
                )
            seen_ids[question.id] = question.source
            number = question.number or 0
            if number <= last_number:
                raise InputError(
                    f"{question.source}: number: {number} comes after {last_number}; numbers are unique and rise"
                )
            last_number = number
            points = [point.id for point in question.key_points] + [m.id for m in question.misconceptions]
            if twice := sorted({point for point in points if points.count(point) > 1}):
                raise InputError(f"{question.source}: key_points: id {twice[0]!r} is used twice in {question.id}")
