"""Write sections as the YAML files of a bank."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from grader.bank import Question, Section
from grader.bank.load import SECTION_FILES
from grader.errors import InputError
from grader.exchange.draft import slug

MOST_SECTIONS = 99
_WIDTH = 120


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, and indents lists below their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002  # PyYAML's
        super().increase_indent(flow, indentless=False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


def _row(dumper: yaml.SafeDumper, values: tuple[str, ...]) -> yaml.SequenceNode:
    """Write a tuple on one line, as tags are."""
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=True)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(tuple, _row)


def check_folder(folder: Path) -> None:
    """Raise InputError when a bank is in the folder already: what a person edited is not written over."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file; expected a folder for the files of the bank")
    if any(folder.glob(SECTION_FILES)):
        raise InputError(f"{folder}: a bank is there already; choose an empty folder")


def write_sections(sections: Sequence[Section], folder: Path, header: str) -> list[Path]:
    """Write one file `NN-section.yaml` a section, each below `header` as a comment; return their paths.

    Raises:
        InputError: there are more sections than such names, the folder holds a bank, or it cannot be written.

    """
    check_folder(folder)
    if len(sections) > MOST_SECTIONS:
        raise InputError(f"{len(sections)} sections; a bank has at most {MOST_SECTIONS}")
    comment = "".join(f"# {line}\n" for line in header.splitlines())
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, section in enumerate(sections, 1):
            path = folder / f"{number:02}-{slug(section.title, 'section')}.yaml"
            path.write_text(comment + _section_yaml(section), encoding="utf-8")
            paths.append(path)
    except OSError as exc:
        raise InputError(f"{folder}: cannot be written: {exc.strerror or exc}") from exc
    return paths


def _section_yaml(section: Section) -> str:
    content = {"section": section.title, "questions": [_question(question) for question in section.questions]}
    text = yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return re.sub(r"^  - id: ", r"\n  - id: ", text, flags=re.MULTILINE).replace("questions:\n\n", "questions:\n", 1)


def _question(question: Question) -> dict[str, Any]:
    """Return the question under the keys of the file format; what is empty is left out."""
    return _filled(
        id=question.id,
        number=question.number,
        subsection=question.subsection,
        prompt=question.prompt,
        reference=question.reference,
        level=question.level,
        tags=question.tags,
        alternatives=list(question.alternatives),
        key_points=[
            _filled(id=p.id, text=p.text, weight=_number(p.weight), contrary=list(p.contrary))
            for p in question.key_points
        ],
        misconceptions=[_filled(id=m.id, text=m.text, weight=_number(m.weight)) for m in question.misconceptions],
        note=question.note,
    )


def _filled(**content: Any) -> dict[str, Any]:
    return {key: value for key, value in content.items() if value}


def _number(weight: float) -> float:
    return int(weight) if weight.is_integer() else weight
