"""Replies to verdicts: every quote is looked up in the answer, then the samples vote."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from grader.bank import Question
from grader.bank.model import KeyPoint, Misconception, VerdictLabel
from grader.grade.model import CREDITS, Verdict, earned_share
from grader.rubric.reply import Judged, Judgement
from grader.text.quotes import Searched


@dataclass(frozen=True, slots=True)
class Marking:
    """What the samples say of one answer, put together."""

    verdicts: tuple[Verdict, ...]
    stated: tuple[Misconception, ...]
    score: float
    low: float
    """The score if every split vote had gone the worse way."""
    high: float
    """The score if every split vote had gone the better way."""
    unsupported: bool
    """Whether a verdict was void because its quote is not in the answer."""
    split: bool
    """Whether the samples disagree about a key point."""


@dataclass(frozen=True, slots=True)
class _Opinion:
    """One sample's verdict on one key point, its quote looked up."""

    label: VerdictLabel
    span: tuple[int, int] | None
    reason: str
    void: bool


def mark(question: Question, key_points: Sequence[KeyPoint], judgements: Sequence[Judgement], answer: str) -> Marking:
    """Return the verdicts that the samples agree on, and the score that follows from them and the weights."""
    text = Searched(answer)
    opinions = [[_opinion(judged.key_points[point.id], text) for judged in judgements] for point in key_points]
    verdicts = tuple(_verdict(point, votes, answer) for point, votes in zip(key_points, opinions, strict=True))
    found = [[stated.id for stated in judged.misconceptions if text.find(stated.quote)] for judged in judgements]
    votes = Counter(name for names in found for name in set(names))
    stated = tuple(m for m in question.misconceptions if votes[m.id] * 2 > len(judgements))
    claimed = sum(len(judged.misconceptions) for judged in judgements)
    penalties = [m.weight for m in stated]

    def score(choose: Callable[[Iterator[float]], float]) -> float:
        earned = [choose(CREDITS[o.label] for o in votes) for votes in opinions]
        return earned_share([(c, p.weight) for c, p in zip(earned, key_points, strict=True)], penalties)

    return Marking(
        verdicts=verdicts,
        stated=stated,
        score=earned_share([(v.credit, v.weight) for v in verdicts], penalties),
        low=score(min),
        high=score(max),
        unsupported=any(o.void for votes in opinions for o in votes) or sum(map(len, found)) < claimed,
        split=any(len(v.votes) > 1 for v in verdicts),
    )


def _opinion(judged: Judged, answer: Searched) -> _Opinion:
    if judged.verdict == "missing":
        return _Opinion("missing", None, judged.reason, void=False)
    span = answer.find(judged.quote)
    if span is None:
        return _Opinion("missing", None, f"void, its quote is not in the answer: {judged.reason}", void=True)
    return _Opinion(judged.verdict, span, judged.reason, void=False)


def _verdict(point: KeyPoint, opinions: Sequence[_Opinion], answer: str) -> Verdict:
    """Return the verdict with the most votes; of equals the one nearest the mean mark, then the lower one."""
    votes = Counter(opinion.label for opinion in opinions)
    mean = fmean(CREDITS[opinion.label] for opinion in opinions)
    label = min(votes, key=lambda name: (-votes[name], abs(CREDITS[name] - mean), CREDITS[name]))
    chosen = next(opinion for opinion in opinions if opinion.label == label)
    return Verdict(
        key_point=point.id,
        text=point.text,
        weight=point.weight,
        verdict=label,
        credit=CREDITS[label],
        recall=None,
        quote=answer[slice(*chosen.span)] if chosen.span else "",
        span=chosen.span,
        reason=chosen.reason,
        votes=dict(votes),
    )
