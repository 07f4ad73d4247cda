"""A grade, or the reason why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from grader.bank.model import VerdictLabel

CREDITS: dict[VerdictLabel, float] = {"met": 1.0, "partial": 0.5, "missing": 0.0, "contradicted": -0.5}

BANDS = (("strong", 0.8), ("adequate", 0.6), ("weak", 0.4), ("poor", 0.0))


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one key point, and what it rests on."""

    key_point: str
    text: str
    weight: float
    verdict: VerdictLabel
    credit: float
    """What the key point earned, -0.5..1."""
    recall: float | None
    """0..1: how much of the key point the answer says, by embedding; None where no embedding was looked at."""
    quote: str
    """The words of the answer that speak to it most, as they were written."""
    span: tuple[int, int] | None
    """Where they stand in the answer."""
    contrary: str | None = None
    """The wrong form that the answer says instead, for a contradicted key point."""
    reason: str = ""
    """Why, in a language model's words; empty where none was asked."""
    votes: Mapping[VerdictLabel, int] = field(default_factory=dict)
    """How many samples of a language model gave each verdict."""
    shares: Mapping[str, float] = field(default_factory=dict)
    """What each feature adds to the credit, by the similarity grader; their sum, kept to -0.5..1, is the credit."""


@dataclass(frozen=True, slots=True)
class Grade:
    """One answer's result."""

    candidate: str
    question_id: str
    section: str
    score: float
    low: float
    high: float
    band: str
    graded_by: str
    similarity: float | None
    """0..1: the weighted recall of the key points; None where no embedding was looked at."""
    verdicts: tuple[Verdict, ...]
    flags: tuple[str, ...]
    needs_review: bool
    feedback: str
    shares: Mapping[str, float] = field(default_factory=dict)
    """What each feature adds to the value that the profile's scale maps to the score, by the similarity grader."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The ids of the key points that the answer does not meet, not even in part."""
        return tuple(v.key_point for v in self.verdicts if v.verdict in ("missing", "contradicted"))


@dataclass(frozen=True, slots=True)
class Ungraded:
    """An answer for which no grade could be made."""

    candidate: str
    question_id: str
    section: str
    reason: str


def band(score: float) -> str:
    """Return the band of a score: strong from .8, adequate from .6, weak from .4, else poor."""
    return next(name for name, least in BANDS if score >= least)


def verdict_of(credit: float) -> VerdictLabel:
    """Return the verdict whose mark is nearest to `credit`; halfway goes to the better one."""
    labels: list[VerdictLabel] = ["met", "partial", "missing", "contradicted"]
    return min(labels, key=lambda label: abs(CREDITS[label] - credit))


def earned_share(credits: list[tuple[float, float]], penalties: list[float]) -> float:
    """Return the earned share of the weights, floored at 0.

    Args:
        credits: (credit, weight) of each key point, credit from -0.5 to 1.
        penalties: weights of the misconceptions stated; each costs like a contradicted point.

    """
    total = sum(weight for _, weight in credits)
    if total <= 0:
        return 0.0
    earned = sum(credit * weight for credit, weight in credits)
    return max(0.0, (earned + CREDITS["contradicted"] * sum(penalties)) / total)
