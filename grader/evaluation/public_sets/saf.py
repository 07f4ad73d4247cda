"""Short Answer Feedback (Filighera et al., ACL 2022): XML, JSON, JSON lines, CSV or Parquet; a file or a folder."""

import json
from collections.abc import Iterator
from pathlib import Path

from grader.answers.cells import cell_text
from grader.errors import InputError
from grader.evaluation.public_sets.rows import (
    ALTERNATIVE,
    Names,
    Row,
    inner,
    number,
    question_xml,
    renamed,
    score_text,
    split_of,
    table_rows,
)

TABLE: Names = {
    "question": ("question",),
    "reference": ("reference_answer",),
    "answer": ("provided_answer", "answer"),
    "human_score": ("score",),
}
_TABLES = (".json", ".jsonl", ".parquet", ".csv")
_LABEL = "verification_feedback"


def read_saf(path: Path) -> Iterator[Row]:
    """Go through the answers of the SAF set, with their scores. Raises InputError."""
    files = [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.suffix in (".xml", *_TABLES))
    for file in files:
        split = split_of(file, path)
        for row in _xml(file) if file.suffix == ".xml" else _table(file):
            yield {**row, "split": split}


def _xml(file: Path) -> Iterator[Row]:
    root = question_xml(file)
    texts = [text for element in root.iter("referenceAnswer") if (text := inner(element))]
    shared = {
        "question_id": "_".join(filter(None, (root.get("id"), root.get("module")))) or file.stem,
        "question": inner(root.find("questionText")),
        "reference": texts[0] if texts else "",
        "alternatives": ALTERNATIVE.join(texts[1:]),
    }
    for element in root.iter("studentAnswer"):
        score = number(inner(element.find("score")), f"{file}: answer {element.get('id')!r}: score")
        yield {
            **shared,
            "answer": inner(element.find("response")),
            "label": inner(element.find("verification_feedback")),
            "human_score": score_text(score),
        }


def _table(file: Path) -> Iterator[Row]:
    if file.suffix != ".json":
        yield from table_rows(file, TABLE, 1.0, label=_LABEL)
        return
    try:
        rows = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as exc:
        raise InputError(f"{file}: not valid JSON: {exc}") from exc
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{file}: expected a list of objects, one an answer")
    cells = [{name: cell_text(value) for name, value in row.items()} for row in rows]
    columns = tuple(dict.fromkeys(name for row in cells for name in row))
    yield from renamed(file, columns, enumerate(cells, 1), TABLE, 1.0, label=_LABEL)
