"""Near-identical answers: which two texts share more of their wording than chance allows, and where.

A text is the set of its runs of four words (shingles: Broder, 1997). Two texts are near-identical when most of the
shorter one's runs are in the other. Runs of the question are left out, as are texts too short to tell. All pairs are
compared exactly, by a sparse product, so that nothing depends on a random hash family. Runs that only one text has are
left out of the product: among answers of people's own words there are few others.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from grader.text.normalise import Normalised, normalise

RUN = 4
"""Words in a run."""
LEAST_RUNS = 9
"""A text with fewer runs, so of less than 12 words, is never compared: short right answers look alike."""
LEAST_SHARE = 0.6
"""The share of the shorter text's runs from which two texts are near-identical."""
_WORD = re.compile(r"[^\W_]+(?:['.-][^\W_]+)*")
_BLOCK = 1000

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Copy:
    """Two texts that are near-identical, by their place among those compared."""

    first: int
    second: int
    share: float
    """0..1: the share of the shorter text's runs of words that the other one holds."""
    spans: tuple[Span, ...]
    """What they share, in the first text."""
    second_spans: tuple[Span, ...]
    """What they share, in the second text."""


def find_copies(texts: Sequence[str], question: str = "") -> list[Copy]:
    """Return the near-identical pairs of texts, by first and second; of equal texts, each with the first of them."""
    ignored = _Runs(question).set
    distinct: dict[str, int] = {}
    equal = [(distinct.setdefault(text, index), index) for index, text in enumerate(texts)]
    runs = {index: found for text, index in distinct.items() if len((found := _Runs(text, ignored)).set) >= LEAST_RUNS}
    copies = [
        Copy(first, index, 1.0, runs[first].spans(runs[first].set), runs[first].spans(runs[first].set))
        for first, index in equal
        if first != index and first in runs
    ]
    for first, second in _candidates(runs):
        shared = runs[first].set & runs[second].set
        share = len(shared) / min(len(runs[first].set), len(runs[second].set))
        copies.append(Copy(first, second, share, runs[first].spans(shared), runs[second].spans(shared)))
    return sorted(copies, key=lambda copy: (copy.first, copy.second))


class _Runs:
    """The runs of words of a text, and where they stand."""

    def __init__(self, text: str, ignored: frozenset[str] = frozenset()) -> None:
        self.text: Normalised = normalise(text)
        self.words = [match.span() for match in _WORD.finditer(self.text.text)]
        words = [self.text.text[start:end].lower() for start, end in self.words]
        runs = [" ".join(words[index : index + RUN]) for index in range(len(words) - RUN + 1)]
        self.runs = [run if run not in ignored else "" for run in runs]
        self.set = frozenset(filter(None, self.runs))

    def spans(self, shared: frozenset[str]) -> tuple[Span, ...]:
        """Return the stretches of the text, as it was written, that the shared runs cover."""
        stretches: list[list[int]] = []
        for index, run in enumerate(self.runs):
            if run in shared:
                if stretches and index <= stretches[-1][1] + 1:
                    stretches[-1][1] = index + RUN - 1
                else:
                    stretches.append([index, index + RUN - 1])
        return tuple(self.text.span(self.words[first][0], self.words[last][1]) for first, last in stretches)


def _candidates(runs: Mapping[int, _Runs]) -> Iterator[tuple[int, int]]:
    """Go through the pairs that share enough runs."""
    held = Counter(run for found in runs.values() for run in found.set)
    columns = {run: column for column, run in enumerate(run for run, count in held.items() if count > 1)}
    shared_runs = [[columns[run] for run in found.set if run in columns] for found in runs.values()]
    told = zip(shared_runs, runs.values(), strict=True)
    if not any(len(row) >= LEAST_SHARE * len(found.set) for row, found in told):  # no text is the shorter of a pair
        return
    import numpy as np
    from scipy.sparse import csr_array

    places = np.array(list(runs))
    sizes = np.array([len(found.set) for found in runs.values()])
    indices = np.array([column for row in shared_runs for column in row])
    ends = np.cumsum([0, *map(len, shared_runs)])
    matrix = csr_array((np.ones(len(indices), np.int32), indices, ends), shape=(len(places), len(columns)))
    transposed = matrix.T.tocsr()
    for start in range(0, len(places), _BLOCK):
        shared = (matrix[start : start + _BLOCK] @ transposed).tocoo()
        rows, others = shared.row + start, shared.col
        enough = (rows < others) & (shared.data >= LEAST_SHARE * np.minimum(sizes[rows], sizes[others]))
        yield from zip(places[rows[enough]].tolist(), places[others[enough]].tolist(), strict=True)
