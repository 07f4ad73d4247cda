"""The default grader: evidence by embedding, verdicts and score by a profile."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from grader.answers import Answer
from grader.bank import Question
from grader.bank.model import fingerprint
from grader.grade.model import Grade, Ungraded, Verdict, band, earned_share, verdict_of
from grader.pipeline.guards import guard
from grader.similarity.embedder import Embedder
from grader.similarity.evidence import Evidence, Target, find_evidence, whole_text_cosine
from grader.similarity.passage import Passage, embed_passages
from grader.similarity.profile import Profile

CHUNK = 2000
"""Answers embedded together: enough for batches of like length, few enough to bound memory."""
GRADED_BY = "embedding"


class SimilarityGrader:
    """Grades answers one by one, embedding them many at a time."""

    def __init__(self, embedder: Embedder, profile: Profile, pass_mark: float) -> None:
        """Take the model, the fitted numbers, and the score (0..1) from which an answer counts as right."""
        self.embedder = embedder
        self.profile = profile
        self.pass_mark = pass_mark
        self._targets: dict[int, Target] = {}
        self._questions: list[Question] = []

    @property
    def fingerprint(self) -> str:
        """Changes with the model, the profile and the pass mark."""
        return fingerprint([self.embedder.fingerprint, self.profile.fingerprint, self.pass_mark])

    @property
    def parts(self) -> Mapping[str, str]:
        """The fingerprints of the model and of the profile, and the pass mark."""
        return {
            "model": self.embedder.fingerprint,
            "profile": self.profile.fingerprint,
            "pass_mark": str(self.pass_mark),
        }

    def grade(self, answers: Iterable[Answer]) -> Iterator[tuple[Answer, Grade | Ungraded]]:
        """Go through the answers in order, each with its grade."""
        stream = iter(answers)
        while chunk := list(islice(stream, CHUNK)):
            passages = self._embed(chunk)
            for answer in chunk:
                yield answer, self._grade(answer, passages[answer.text])

    def cosine(self, answers: Iterable[Answer]) -> list[float]:
        """Return the whole-text cosine of each answer with its nearest accepted reference."""
        answers = list(answers)
        passages = self._embed(answers)
        return [whole_text_cosine(self._target(a.question), passages[a.text]) for a in answers]

    def _embed(self, answers: Sequence[Answer]) -> dict[str, Passage]:
        new = {id(a.question): a.question for a in answers if id(a.question) not in self._targets}
        texts = [text for question in new.values() for text in Target.texts(question)]
        passages = embed_passages([*texts, *(a.text for a in answers)], self.embedder)
        for key, question in new.items():
            self._targets[key] = Target(question, passages)
            self._questions.append(question)  # keeps the object, and so its id, alive
        return passages

    def _target(self, question: Question) -> Target:
        return self._targets[id(question)]

    def _grade(self, answer: Answer, passage: Passage) -> Grade | Ungraded:
        target = self._target(answer.question)
        if not any(target.sets):
            return Ungraded(
                answer.candidate, answer.question.id, answer.question.section, "the reference holds no words"
            )
        cosine = whole_text_cosine(target, passage)
        guarded = guard(passage, target.prompt, target.references, cosine, self.profile.off_topic)
        results = [self._judge(criteria, target, passage, guarded.worthless) for criteria in target.sets if criteria]
        share, recall, verdicts, stated = max(results, key=lambda result: (result[0], result[1]))
        score = self.profile.score(share)
        low, high = (0.0, 0.0) if guarded.worthless else self.profile.interval(score)
        contradicted = any(verdict.verdict == "contradicted" for verdict in verdicts) or bool(stated)
        flags = (*guarded.flags, *(("contradiction",) if contradicted else ()))
        doubtful = low < self.pass_mark <= high or bool(set(flags) - {"empty", "too_short"})
        return Grade(
            candidate=answer.candidate,
            question_id=answer.question.id,
            section=answer.question.section,
            score=score,
            low=low,
            high=high,
            band=band(score),
            graded_by=GRADED_BY,
            similarity=recall,
            verdicts=verdicts,
            flags=flags,
            needs_review=doubtful,
            feedback=_feedback(verdicts, stated),
        )

    def _judge(
        self, criteria: Sequence[object], target: Target, passage: Passage, worthless: bool
    ) -> tuple[float, float, tuple[Verdict, ...], list[str]]:
        """Return (earned share, recall, verdicts, misconceptions stated) against one set of key points."""
        authored = bool(target.question.key_points)
        evidence = find_evidence(criteria, passage)  # type: ignore[arg-type]
        verdicts = tuple(self._verdict(e, passage, authored, worthless) for e in evidence)
        stated = [
            e.key_point
            for e in find_evidence(target.misconceptions, passage)
            if e.recall >= self.profile.misconception_recall and not worthless
        ]
        share = earned_share([(v.credit, v.weight) for v in verdicts], [point.weight for point in stated])
        weights = sum(v.weight for v in verdicts)
        recall = sum((v.recall or 0.0) * v.weight for v in verdicts) / weights if weights else 0.0
        return share, recall, verdicts, [point.text for point in stated]

    def _verdict(self, evidence: Evidence, passage: Passage, authored: bool, worthless: bool) -> Verdict:
        credit = 0.0 if worthless else self.profile.credit(evidence, authored=authored)
        verdict = verdict_of(credit)
        span = evidence.span if verdict != "missing" else None
        return Verdict(
            key_point=evidence.key_point.id,
            text=evidence.key_point.text,
            weight=evidence.key_point.weight,
            verdict=verdict,
            credit=credit,
            recall=evidence.recall,
            quote=passage.text.original[slice(*span)] if span else "",
            span=span,
            contrary=evidence.contrary if verdict == "contradicted" else None,
        )


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
