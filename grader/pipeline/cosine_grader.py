"""Whole-text cosine: the usual baseline. It is here to be compared with, not to mark anybody."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from grader.answers import Answer
from grader.bank.model import fingerprint
from grader.grade.model import Grade, Ungraded, band
from grader.similarity.embedder import Embedder
from grader.similarity.passage import Passage, embed_passages

CHUNK = 2000
GRADED_BY = "cosine"


class CosineGrader:
    """Scores an answer by its cosine with the nearest accepted reference, negative values being 0."""

    def __init__(self, embedder: Embedder, pass_mark: float) -> None:
        """Take the model, and the score (0..1) from which an answer counts as right."""
        self.embedder = embedder
        self.pass_mark = pass_mark

    @property
    def fingerprint(self) -> str:
        """Changes with the model and the pass mark."""
        return fingerprint([GRADED_BY, self.parts])

    @property
    def parts(self) -> Mapping[str, str]:
        """The fingerprint of the model, and the pass mark."""
        return {"model": self.embedder.fingerprint, "pass_mark": str(self.pass_mark)}

    def grade(self, answers: Iterable[Answer]) -> Iterator[tuple[Answer, Grade | Ungraded]]:
        """Go through the answers in order, each with its grade, which has no verdicts and says nothing sure."""
        stream = iter(answers)
        while chunk := list(islice(stream, CHUNK)):
            texts = [text for answer in chunk for text in (answer.text, *_references(answer))]
            passages = embed_passages(texts, self.embedder)
            for answer in chunk:
                yield answer, self._grade(answer, passages[answer.text], [passages[t] for t in _references(answer)])

    def _grade(self, answer: Answer, passage: Passage, references: Sequence[Passage]) -> Grade | Ungraded:
        question = answer.question
        told = [reference.whole for reference in references if len(reference.ids)]
        if not told:
            return Ungraded(answer.candidate, question.id, question.section, "the reference holds no words")
        empty = not len(passage.ids)
        score = 0.0 if empty else min(1.0, max(0.0, *(float(whole @ passage.whole) for whole in told)))
        return Grade(
            candidate=answer.candidate,
            question_id=question.id,
            section=question.section,
            score=score,
            low=0.0,
            high=1.0,
            band=band(score),
            graded_by=GRADED_BY,
            similarity=score,
            verdicts=(),
            flags=("empty",) if empty else (),
            needs_review=False,
            feedback="",
        )


def _references(answer: Answer) -> tuple[str, ...]:
    return (answer.question.reference, *answer.question.alternatives)
