"""A folder of one text file an answer: `candidate/question_id.txt`."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.answers.encoding import find_encoding
from grader.errors import InputError

COLUMNS = ("candidate", "question_id", "answer")


@dataclass(frozen=True, slots=True)
class AnswerFolder:
    """A folder of candidates' folders; the files in order of name, the nth file being row n."""

    files: tuple[Path, ...]
    name: str
    told: str
    columns: tuple[str, ...] = COLUMNS

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Go through the files, counted from 1."""
        for number, file in enumerate(self.files, 1):
            encoding, _ = find_encoding(file, str(file))
            text = file.read_text(encoding=encoding)
            yield number, dict(zip(COLUMNS, (file.parent.name, file.stem, text), strict=True))


def open_folder(path: Path, name: str) -> AnswerFolder:
    """Return the folder as a table. Raises InputError when there is no answer in it."""
    files = tuple(sorted(path.glob("*/*.txt")))
    if not files:
        raise InputError(f"{name}: no answers: expected files named candidate/question_id.txt in this folder")
    others = sum(1 for file in path.rglob("*") if file.is_file() and file not in set(files))
    told = f"{name}: {others} files that are not candidate/question_id.txt were not read" if others else ""
    return AnswerFolder(files, name, told)
