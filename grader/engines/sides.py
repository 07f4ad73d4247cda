"""The two sides of a comparison: a run that is there, or a grader with some settings changed."""

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from grader.answers import Answer
from grader.bank.load import SECTION_FILES
from grader.engines.again import graders_again, left_of_budget
from grader.engines.local import make_grader, with_memory
from grader.engines.run import RECORD_FILE, read_record
from grader.errors import InputError, nearest
from grader.evaluation.compare import Side
from grader.evaluation.evalset import Rated
from grader.evaluation.grading import grade_all
from grader.grade.model import Grade, Ungraded
from grader.pipeline.grader import AsksModel
from grader.settings import GRADERS, Settings, with_texts

TEMPLATE = ".md.j2"
HOW = (
    "a folder that `grader grade --out` made, a folder of a bank or of prompts, a profile (.json), a rubric (.md.j2), "
    f"the folder of an embedding model, {', '.join(GRADERS)}, default, or settings such as grader=llm,model=NAME"
)


def parse_side(text: str, settings: Settings) -> Path | Settings:
    """Return what a side of the comparison is: the folder of a run, or the settings of a grader.

    Raises:
        InputError: it is none of these; the message says what can be given.
        ConfigError: a setting has a wrong value.

    """
    path = Path(text)
    if (path / RECORD_FILE).is_file():
        return path
    if text == "default":
        return settings
    if "=" in text:
        return _with_settings(text, settings)
    changed: dict[str, str] = {
        "grader": text if text in GRADERS else "",
        "bank": text if path.is_dir() and any(path.glob(SECTION_FILES)) else "",
        "prompts": text if path.is_dir() and any(path.rglob(f"*{TEMPLATE}")) else "",
        "embedder": text if (path / "modules.json").is_file() else "",
        "profile": text if path.is_file() and path.suffix == ".json" else "",
        "rubric": text if path.is_file() and text.endswith(TEMPLATE) else "",
    }
    for name, value in changed.items():
        if value:
            return with_texts(settings, {name: value})
    raise InputError(f"{text!r}: cannot be compared; give {HOW}")


def recorded(folder: Path) -> dict[tuple[str, str], tuple[Answer, Grade | Ungraded]]:
    """Return what a run graded, by question id and text. Raises InputError."""
    record, run = read_record(folder)
    try:
        return {(e.answer.question.id, e.answer.text): (e.answer, e.machine) for e in record.entries(run)}
    finally:
        record.close()


def run_side(name: str, folder: Path, rows: Sequence[Rated]) -> Side:
    """Return the results that a run has for these answers. Raises InputError if it has none of them."""
    found = recorded(folder)
    results = [found.get((row.answer.question.id, row.answer.text), (None, None))[1] for row in rows]
    if not any(results):
        raise InputError(f"{folder}: graded none of these answers; grade the same file: grader grade FILE --out DIR")
    return Side(name, results)


def grader_side(name: str, settings: Settings, rows: Sequence[Rated], *, noise: bool) -> tuple[Side, float]:
    """Grade the answers; with `noise`, once more: in the opposite order, with another seed, from scratch.

    Returns the side, and what is left of the budget, in US dollars.
    """
    grader = make_grader(settings)
    answers = [row.answer for row in rows]
    grading = grade_all(answers, with_memory(grader, settings) if settings.cache else grader)
    spent = grader.totals() if isinstance(grader, AsksModel) else None
    side = Side(name, grading.results, None, grading.seconds, spent)
    left = left_of_budget(grader, settings)
    for other in graders_again(grader, settings, int(noise)):
        side = replace(side, again=grade_all(answers[::-1], other).results[::-1])
        left = left_of_budget(other, replace(settings, budget=left))
    return side, left


def _with_settings(text: str, settings: Settings) -> Settings:
    given = dict(part.split("=", 1) for part in text.split(",") if "=" in part)
    names = {field.name for field in fields(Settings)} - {"api_key"}
    for name in given:
        if name not in names:
            raise InputError(f"{text!r}: no setting {nearest(name, names)}")
    return with_texts(settings, given)
