"""An entry: an answer with its grade as the record keeps it, and what people decided about it since."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from grader.answers import Answer
from grader.bank.model import VerdictLabel
from grader.grade.model import CREDITS, Grade, Ungraded, band, earned_share

PERSON = "person"
"""Who graded, where a person's mark replaced the machine's."""


@dataclass(frozen=True, slots=True)
class Override:
    """What a person decided about a grade. Without score and verdicts: that it stands as it is."""

    who: str
    when: str
    """UTC, ISO 8601."""
    why: str
    score: float | None = None
    verdicts: Mapping[str, VerdictLabel] = field(default_factory=dict)
    """By key point id, those that were changed; the score then follows from all verdicts."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer of a run: the machine's result, and the decisions of people, oldest first."""

    answer: Answer
    machine: Grade | Ungraded
    fingerprint: str
    """The grader's, when it made the grade."""
    overrides: tuple[Override, ...] = ()
    flags: tuple[str, ...] = ()
    """What comparing it with other answers has raised: told and looked at, never scored."""

    @property
    def result(self) -> Grade | Ungraded:
        """The result in force: the machine's, or what the last person made of it."""
        result = self.machine
        if self.flags and isinstance(result, Grade):
            result = replace(result, flags=(*result.flags, *self.flags), needs_review=True)
        return overridden(result, self.overrides[-1]) if self.overrides else result


def overridden(result: Grade | Ungraded, override: Override) -> Grade | Ungraded:
    """Return the result as a person has left it. It needs no further review.

    A score given by a person is exact: its interval is the score itself. Verdicts given by a person are marked by
    the formula of `earned_share`, without the mapping of a profile, which is fitted to a machine's verdicts.
    """
    if isinstance(result, Ungraded):
        return result if override.score is None else _by_person(result, override.score)
    if not override.verdicts and override.score is None:
        return replace(result, needs_review=False)
    verdicts = tuple(
        replace(v, verdict=label, credit=CREDITS[label]) if (label := override.verdicts.get(v.key_point)) else v
        for v in result.verdicts
    )
    score = override.score
    if score is None:
        score = earned_share([(CREDITS[v.verdict], v.weight) for v in verdicts], [])
    return replace(
        result,
        score=score,
        low=score,
        high=score,
        band=band(score),
        graded_by=PERSON,
        verdicts=verdicts,
        needs_review=False,
    )


def _by_person(result: Ungraded, score: float) -> Grade:
    return Grade(
        candidate=result.candidate,
        question_id=result.question_id,
        section=result.section,
        score=score,
        low=score,
        high=score,
        band=band(score),
        graded_by=PERSON,
        similarity=None,
        verdicts=(),
        flags=(),
        needs_review=False,
        feedback="",
    )
