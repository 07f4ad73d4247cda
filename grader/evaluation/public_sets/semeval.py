"""SemEval-2013 task 7 (Dzikovska et al. 2013), Beetle and SciEntsBank: a file or a folder of XML."""

from collections.abc import Iterator
from pathlib import Path

from grader.errors import InputError
from grader.evaluation.public_sets.rows import ALTERNATIVE, Row, inner, question_xml, score_text, split_of

LABEL_SCORES = {
    "correct": 1.0,
    "partially_correct_incomplete": 0.5,
    "contradictory": 0.0,
    "incorrect": 0.0,
    "irrelevant": 0.0,
    "non_domain": 0.0,
}
"""The five-way labels of SemEval-2013 task 7, and the one of its two- and three-way forms, as scores."""


def read_semeval(path: Path) -> Iterator[Row]:
    """Go through the answers of SemEval-2013 task 7, with their labels as scores. Raises InputError."""
    seen: dict[str, Path] = {}
    for file in _xml_files(path):
        root = question_xml(file)
        references = sorted(root.iter("referenceAnswer"), key=lambda e: e.get("category", "BEST") != "BEST")
        texts = [text for element in references if (text := inner(element))]
        shared = {
            "question_id": root.get("id", file.stem),
            "question": inner(root.find("questionText")),
            "reference": texts[0] if texts else "",
            "alternatives": ALTERNATIVE.join(texts[1:]),
            "split": split_of(file, path),
        }
        for element in root.iter("studentAnswer"):
            name, label = element.get("id", ""), element.get("accuracy", "").lower()
            if label not in LABEL_SCORES:
                raise InputError(f"{file}: answer {name!r}: accuracy is {label!r}; expected {', '.join(LABEL_SCORES)}")
            if name in seen:
                raise InputError(
                    f"{file}: answer {name!r} is in {seen[name]} too; name the folder of one form, such as 5way"
                )
            seen[name] = file
            yield {**shared, "answer": inner(element), "label": label, "human_score": score_text(LABEL_SCORES[label])}


def _xml_files(path: Path) -> list[Path]:
    files = [path] if path.is_file() else sorted(path.rglob("*.xml"))
    if not files:
        raise InputError(f"{path}: no XML files here")
    return files
