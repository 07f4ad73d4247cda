"""The scorecards as one self-contained page: the cohort, then a page a candidate, made when it is opened.

A candidate's page stays JSON in the file until someone opens it, so that hundreds of them open at once. All text goes
through the template's escaping, or into the page as text and never as HTML.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from grader.grade.doubt import reasons
from grader.grade.entry import Entry
from grader.grade.model import Grade
from grader.report.numbers import exact, score_text
from grader.scorecard import Cohort, Tally
from grader.scorecard.cohort import Standing

TEMPLATES = Path(__file__).parent / "templates"
MOST_ANSWERS = 60_000
"""With more answers than a browser opens well, the page is of the cohort alone, and says so."""
MOST_RANKED = 5_000
MOST_LISTED = 25
"""How many questions and key points are listed."""
BINS = 10


def write_html(
    cohort: Cohort, candidates: Iterable[tuple[str, list[Entry]]], manifest: Mapping[str, Any], stream: IO[str]
) -> None:
    """Write the page.

    Args:
        cohort: all candidates.
        candidates: each candidate with the entries, in any order; gone through once, none kept.
        manifest: the run's.
        stream: where to.

    """
    whole = cohort.graded + cohort.ungraded <= MOST_ANSWERS
    pages = _Pages(cohort, float(manifest["settings"]["pass_mark"]))
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"score": score_text, "percent": lambda value: f"{value:.0%}"}
    page = environment.get_template("scorecards.html.j2").generate(
        title=Path(manifest["inputs"]["answers"]["path"]).name,
        cohort=cohort,
        ranked=cohort.standings[:MOST_RANKED],
        histogram=histogram([s.card.overall.score for s in cohort.standings if s.card.overall.score is not None]),
        heat=[(standing, _by_section(standing, cohort.sections)) for standing in cohort.standings[:MOST_RANKED]],
        questions=cohort.questions[:MOST_LISTED],
        key_points=[point for point in cohort.key_points[:MOST_LISTED] if point.missed],
        whole=whole,
        manifest=manifest,
        pages=pages.go_through(candidates) if whole else (),
        texts=pages.texts,
    )
    for piece in page:
        stream.write(piece)


def histogram(scores: Sequence[float]) -> list[int]:
    """Return how many scores lie in each tenth of 0..1; 1 itself is in the last."""
    counts = [0] * BINS
    for score in scores:
        counts[min(int(score * BINS), BINS - 1)] += 1
    return counts


def _by_section(standing: Standing, sections: Sequence[str]) -> list[float | None]:
    scores = {tally.name: tally.score for tally in standing.card.sections}
    return [scores.get(name) for name in sections]


def inert(value: object) -> Markup:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704  # inert


@dataclass
class _Pages:
    """Candidates' pages as data; a text that many share (a question, a key point) is kept once."""

    cohort: Cohort
    pass_mark: float
    _places: dict[str, int] = field(default_factory=dict)

    def go_through(self, candidates: Iterable[tuple[str, list[Entry]]]) -> Iterator[tuple[str, Markup]]:
        """Go through the pages as (candidate, data)."""
        standings = {standing.card.candidate: standing for standing in self.cohort.standings}
        for candidate, entries in candidates:
            yield candidate, inert(self._page(standings[candidate], entries))

    def texts(self) -> Markup:
        """Return the shared texts, once all pages have been gone through."""
        return inert(list(self._places))

    def _page(self, standing: Standing, entries: Sequence[Entry]) -> dict[str, Any]:
        card = standing.card
        return {
            "rank": standing.rank,
            "rankBand": standing.rank_band,
            "overall": _tally(card.overall),
            "sections": [_tally(tally) for tally in card.sections],
            "answers": [self._answer(entry) for entry in entries],
        }

    def _answer(self, entry: Entry) -> dict[str, Any]:
        result, question = entry.result, entry.answer.question
        page = {
            "id": question.id,
            "section": self._share(question.section),
            "prompt": self._share(question.prompt),
            "text": entry.answer.text,
            "why": reasons(result, self.pass_mark),
            "overrides": [[o.who, o.when, o.why] for o in entry.overrides],
        }
        if isinstance(result, Grade):
            page |= {
                "score": [exact(value) for value in (result.score, result.low, result.high)],
                "band": result.band,
                "by": result.graded_by,
                "flags": result.flags,
                "feedback": result.feedback,
                "verdicts": [
                    [v.verdict, self._share(v.text), v.weight, v.span, v.contrary and self._share(v.contrary)]
                    for v in result.verdicts
                ],
            }
        return page

    def _share(self, text: str) -> int:
        return self._places.setdefault(text, len(self._places))


def _tally(tally: Tally) -> list[Any]:
    numbers = [None if value is None else exact(value) for value in (tally.score, tally.low, tally.high)]
    return [tally.name, *numbers, tally.band, tally.graded, tally.ungraded, tally.to_review]
