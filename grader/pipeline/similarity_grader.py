"""The default grader: what was found by embedding and reading, weighed by a profile."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from grader.answers import Answer
from grader.bank import KeyPoint
from grader.bank.model import fingerprint
from grader.grade.model import Grade, Ungraded, Verdict, band, earned_share, verdict_of
from grader.pipeline.finding import Finder, Found
from grader.similarity.embedder import Floats
from grader.similarity.features import KEY_POINT_FEATURES, REFERENCE_FEATURES, align, denied_outright
from grader.similarity.profile import LEAST_CREDIT, Profile
from grader.text.words import repeats

_Interval = tuple[float, float]

CHUNK = 2000
"""Answers embedded together: enough for batches of like length, few enough to bound memory."""
LEAST_SHARE = 0.005
MOST_FOR_NOTHING = 0.1
"""What a lenient person may give for an answer that says nothing."""
DENIES = 0.5
"""How likely an answer denies the reference, or how much of it, for a person to look."""
DENIED = 0.8
"""The same for a key point that one of the answer's statements denies, whatever another says."""
GRADED_BY = "embedding"


@dataclass(frozen=True, slots=True)
class _Marked:
    """What the profile makes of what was found."""

    verdicts: tuple[Verdict, ...]
    stated: tuple[str, ...]
    """The misconceptions that the answer states."""
    score: float
    interval: _Interval
    shares: Mapping[str, float]
    """What each feature adds to the value that the scale maps to the score, unless the answer repeats a reference."""
    denied: bool = False
    """Whether the answer seems to deny the reference."""

    @property
    def recall(self) -> float:
        """The weighted recall of the key points."""
        weights = sum(verdict.weight for verdict in self.verdicts)
        return sum((v.recall or 0.0) * v.weight for v in self.verdicts) / weights if weights else 0.0


class SimilarityGrader:
    """Grades answers one by one, embedding and reading them many at a time."""

    def __init__(self, finder: Finder, profile: Profile, pass_mark: float) -> None:
        """Take what finds the features, what weighs them, and the score (0..1) from which an answer is right."""
        self.finder = finder
        self.profile = profile
        self.pass_mark = pass_mark

    @property
    def fingerprint(self) -> str:
        """Changes with the models, the profile and the pass mark."""
        return fingerprint(list(self.parts.values()))

    @property
    def parts(self) -> Mapping[str, str]:
        """The fingerprints of the models and of the profile, and the pass mark."""
        return {
            "model": self.finder.embedder.fingerprint,
            "reader": self.finder.readers.fingerprint,
            "profile": self.profile.fingerprint,
            "pass_mark": str(self.pass_mark),
        }

    def grade(self, answers: Iterable[Answer]) -> Iterator[tuple[Answer, Grade | Ungraded]]:
        """Go through the answers in order, each with its grade."""
        stream = iter(answers)
        while chunk := list(islice(stream, CHUNK)):
            for found in self.finder.find(chunk):
                yield found.answer, self.weigh(found)

    def weigh(self, found: Found) -> Grade | Ungraded:
        """Return the grade that the profile makes of what was found."""
        answer, target = found.answer, found.target
        if not (target.key_points or target.reference_sets):
            return Ungraded(
                answer.candidate, answer.question.id, answer.question.section, "the reference holds no words"
            )
        marked = self._by_key_points(found) if target.key_points else self._by_reference(found)
        score, (low, high) = marked.score, marked.interval
        contradicted = any(verdict.verdict == "contradicted" for verdict in marked.verdicts) or bool(marked.stated)
        flags = found.guarded.flags
        if (contradicted or marked.denied) and "contradiction" not in flags:
            flags = (*flags, "contradiction")
        return Grade(
            candidate=answer.candidate,
            question_id=answer.question.id,
            section=answer.question.section,
            score=score,
            low=low,
            high=high,
            band=band(score),
            graded_by=GRADED_BY,
            similarity=marked.recall,
            verdicts=marked.verdicts,
            flags=flags,
            needs_review=low < self.pass_mark <= high or bool(set(flags) - {"empty", "too_short"}),
            feedback=_feedback(marked.verdicts, marked.stated),
            shares=marked.shares,
        )

    def _by_key_points(self, found: Found) -> _Marked:
        """Mark by key points that a person wrote: each earns its credit, and the scale maps their weighted mean."""
        route, criteria = self.profile.key_points, found.target.key_points
        evidence = found.evidence
        if criteria is None or evidence is None or found.guarded.worthless:
            return _nothing(found)
        earned = route.credits(evidence.features)
        shares = route.shares(KEY_POINT_FEATURES, evidence.features)
        verdicts = tuple(
            _verdict(
                found,
                point,
                float(earned[index]),
                float(evidence.aligned.recall[index]),
                evidence.statement[index],
                contrary=criteria.contraries[pair] if (pair := evidence.contrary[index]) >= 0 else None,
                shares=_told(KEY_POINT_FEATURES, shares[index]),
            )
            for index, point in enumerate(criteria.points)
        )
        penalties = [point.weight for point in found.stated]
        share = earned_share([(v.credit, v.weight) for v in verdicts], penalties)
        whole = np.average(shares, axis=0, weights=[point.weight for point in criteria.points])
        score = route.score(share)
        stated = tuple(point.text for point in found.stated)
        denied = bool((evidence.features[:, KEY_POINT_FEATURES.index("denied")] >= DENIED).any())
        return _Marked(verdicts, stated, score, route.doubt.interval(score), _told(KEY_POINT_FEATURES, whole), denied)

    def _by_reference(self, found: Found) -> _Marked:
        """Mark by the reference that speaks best for the answer; its statements are shown as key points.

        What repeats a reference word for word gets full marks, however near the end of the scale that one is.
        """
        if not len(found.features) or found.guarded.worthless:
            return _nothing(found)
        routes = [self.profile.route(read=read) for read in found.read]
        values = [route.value(REFERENCE_FEATURES, row) for route, row in zip(routes, found.features, strict=True)]
        said = found.passage.text.text
        scores = [
            1.0 if repeats(reference.passage.text.text, said) else route.score(value)
            for reference, route, value in zip(found.target.reference_sets, routes, values, strict=True)
        ]
        best = max(range(len(scores)), key=lambda index: (scores[index], values[index]))
        criteria, route = found.target.reference_sets[best].statements, routes[best]
        aligned = found.aligned[best] if best in found.aligned else align(criteria, found.passage)
        earned = self.profile.statement_credit(aligned.recall)
        denied = denied_outright(criteria.polarities, found.passage)
        if best in found.told:
            says, denies, denies_too = found.told[best].T
            denied |= denies + denies_too - says >= DENIES
        earned = np.where(denied, LEAST_CREDIT, earned)
        verdicts = tuple(
            _verdict(found, point, float(earned[index]), float(aligned.recall[index]), int(aligned.statement[index]))
            for index, point in enumerate(criteria.points)
        )
        shares = _told(REFERENCE_FEATURES, route.shares(REFERENCE_FEATURES, found.features[best]))
        against = bool(found.features[best, REFERENCE_FEATURES.index("denies")] >= DENIES)
        return _Marked(verdicts, (), scores[best], route.doubt.interval(scores[best]), shares, against)


def _nothing(found: Found) -> _Marked:
    """Return the mark of an answer that says nothing: every key point is missing."""
    sets = found.target.key_points or found.target.reference_sets[0].statements
    verdicts = tuple(_verdict(found, point, 0.0, 0.0, 0) for point in sets.points)
    return _Marked(verdicts, (), 0.0, (0.0, 0.0 if "empty" in found.guarded.flags else MOST_FOR_NOTHING), {})


def _verdict(
    found: Found,
    point: KeyPoint,
    credit: float,
    recall: float,
    statement: int,
    *,
    contrary: str | None = None,
    shares: Mapping[str, float] | None = None,
) -> Verdict:
    verdict = verdict_of(credit)
    passage = found.passage
    span = passage.text.span(*passage.statements[statement]) if verdict != "missing" else None
    return Verdict(
        key_point=point.id,
        text=point.text,
        weight=point.weight,
        verdict=verdict,
        credit=credit,
        recall=recall,
        quote=passage.text.original[slice(*span)] if span else "",
        span=span,
        contrary=contrary if verdict == "contradicted" else None,
        shares=shares or {},
    )


def _told(names: Sequence[str], shares: Floats) -> dict[str, float]:
    """Return the (f,) shares that would show in two decimals, by feature."""
    return {name: share for name, share in zip(names, shares.tolist(), strict=True) if abs(share) >= LEAST_SHARE}


def _feedback(verdicts: Sequence[Verdict], misconceptions: Sequence[str]) -> str:
    parts = [f"Wrong: {text}." for text in misconceptions]
    parts += [f"Contradicts: {v.text}." for v in verdicts if v.verdict == "contradicted"]
    lacking = [v for v in verdicts if v.verdict == "missing"]
    if lacking:
        parts.append("Missing: " + "; ".join(v.text for v in sorted(lacking, key=lambda v: -v.weight)[:3]) + ".")
    partial = [v for v in verdicts if v.verdict == "partial"]
    if partial and not lacking:
        parts.append("Only in part: " + "; ".join(v.text for v in partial[:3]) + ".")
    return " ".join(parts) or "All key points are there."
