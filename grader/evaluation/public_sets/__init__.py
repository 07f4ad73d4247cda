"""Public eval sets that people hold themselves, read from the files they come in."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from grader.evaluation.public_sets.mohler import read_mohler
from grader.evaluation.public_sets.rows import Row, write_eval_set
from grader.evaluation.public_sets.saf import read_saf
from grader.evaluation.public_sets.semeval import read_semeval

READERS: Mapping[str, Callable[[Path], Iterator[Row]]] = {
    "mohler": read_mohler,
    "semeval": read_semeval,
    "saf": read_saf,
}

__all__ = ["READERS", "read_mohler", "read_saf", "read_semeval", "write_eval_set"]
