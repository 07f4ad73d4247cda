"""The rubric grader: a language model picks verdicts and quotes the answer for them, code gives the marks."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from grader.answers import Answer
from grader.bank.model import KeyPoint, fingerprint
from grader.grade.model import Grade, Ungraded, Verdict, band
from grader.pipeline.guards import text_flags
from grader.pipeline.marking import Marking, mark
from grader.pipeline.parallel import in_parallel
from grader.rubric.chat import ChatRequest, Unanswered
from grader.rubric.fence import fence, is_cut
from grader.rubric.judge import Judge
from grader.rubric.prompt import criteria, shuffled
from grader.rubric.reply import Judgement, reply_schema
from grader.text.words import words

GRADED_BY = "llm"
CHUNK = 512
"""Answers among which requests are grouped by question, so that a provider's prefix cache serves them."""
VOTING_TEMPERATURE = 0.7
"""Where samples vote they must be able to differ; a single one is as steady as the model allows."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How a language model is asked."""

    model: str
    samples: int = 1
    workers: int = 8
    """Requests under way at once."""
    reply_tokens: int = 4000
    """The most a reply may have."""
    seed: int = 0


class RubricGrader:
    """Grades answers by asking a language model about each, many at once."""

    def __init__(
        self, judge: Judge, asking: Asking, endpoint: str, pass_mark: float, totals: Callable[[], Mapping[str, Any]]
    ) -> None:
        """Take whom to ask and how, and what tells the tokens and the money that were spent.

        `endpoint` only tells one model of a name from another.
        """
        self.judge = judge
        self.asking = asking
        self.endpoint = endpoint
        self.pass_mark = pass_mark
        self.totals = totals

    @property
    def fingerprint(self) -> str:
        """Changes with the prompt, the model, its endpoint, the samples, the seed and the pass mark."""
        return fingerprint(dict(self.parts))

    @property
    def parts(self) -> Mapping[str, str]:
        """The prompt's fingerprint, the model, its endpoint and how it is asked."""
        return {
            "prompts": self.judge.rubric.fingerprint,
            "llm": f"{self.asking.model} at {self.endpoint}",
            "samples": str(self.asking.samples),
            "seed": str(self.asking.seed),
            "pass_mark": str(self.pass_mark),
        }

    def grade(self, answers: Iterable[Answer]) -> Iterator[tuple[Answer, Grade | Ungraded]]:
        """Go through the answers in order, each with its grade. Raises as `ChatModel.reply`."""
        waiting: deque[_Waiting] = deque()
        for (about, request), judgement in in_parallel(self._ask, self._jobs(answers, waiting), self.asking.workers):
            about.judgements[request.sample] = judgement
            yield from self._complete(waiting)
        yield from self._complete(waiting)

    def requests(self, answers: Iterable[Answer]) -> Iterator[ChatRequest]:
        """Go through the requests that these answers need, in the order in which they are sent."""
        return (request for _, request in self._jobs(answers, deque()))

    def _jobs(self, answers: Iterable[Answer], waiting: "deque[_Waiting]") -> Iterator[tuple["_Waiting", ChatRequest]]:
        """Go through the requests, grouped by question and sample among neighbours; note who waits for them.

        A request is made when it is taken: made together, those of a chunk would keep the endpoint waiting.
        """
        for chunk in chunks(answers, CHUNK):
            jobs: dict[tuple[int, int], list[_Waiting]] = {}
            for answer in chunk:
                asked = bool(criteria(answer.question)) and bool(words(answer.text))
                waiting.append(_Waiting(answer, self.asking.samples if asked else 0))
                for sample in range(waiting[-1].wanted):
                    jobs.setdefault((id(answer.question), sample), []).append(waiting[-1])
            for (_, sample), group in jobs.items():
                for about in group:
                    yield about, self._request(about.answer, sample)

    def _request(self, answer: Answer, sample: int) -> ChatRequest:
        question, asking = answer.question, self.asking
        ordered = shuffled(criteria(question), question.id, asking.seed, sample)
        return ChatRequest(
            model=asking.model,
            messages=self.judge.rubric.messages(question, ordered, fence(answer.text, asking.seed)),
            schema=reply_schema(question, ordered),
            temperature=VOTING_TEMPERATURE if asking.samples > 1 else 0.0,
            seed=asking.seed + sample,
            max_tokens=asking.reply_tokens,
            sample=sample,
        )

    def _ask(self, job: tuple["_Waiting", ChatRequest]) -> Judgement | Unanswered:
        return self.judge.judge(job[1])

    def _complete(self, waiting: "deque[_Waiting]") -> Iterator[tuple[Answer, Grade | Ungraded]]:
        """Take the answers at the front that wait for nothing more; yield each with its result."""
        while waiting and waiting[0].complete:
            about = waiting.popleft()
            yield about.answer, self._result(about)

    def _result(self, about: "_Waiting") -> Grade | Ungraded:
        answer = about.answer
        points = criteria(answer.question)
        replies = [about.judgements[sample] for sample in sorted(about.judgements)]
        judgements = [reply for reply in replies if isinstance(reply, Judgement)]
        failures = [reply.reason for reply in replies if isinstance(reply, Unanswered)]
        if not points:
            return _ungraded(answer, "the reference holds no words")
        if len(failures) * 2 >= max(len(replies), 1):  # too few are left to vote
            return _ungraded(answer, failures[0])
        if not judgements:
            return self._empty(answer, points)
        return self._graded(answer, mark(answer.question, points, judgements, answer.text), judgements, failures)

    def _graded(
        self, answer: Answer, marking: Marking, judgements: Sequence[Judgement], failures: Sequence[str]
    ) -> Grade:
        half = self.judge.rubric.half_width
        low, high = max(0.0, marking.low - half), min(1.0, marking.high + half)
        fired = {
            "contradiction": bool(marking.stated) or any(v.verdict == "contradicted" for v in marking.verdicts),
            "unsupported": marking.unsupported,
            "split_vote": marking.split,
            "lost_sample": bool(failures),
            "input_cut": is_cut(answer.text),
        }
        flags = (*text_flags(answer.text, words(answer.text)), *(name for name, is_so in fired.items() if is_so))
        doubtful = low < self.pass_mark <= high or bool(set(flags) - {"too_short"})
        wrong = [f"Wrong: {misconception.text}." for misconception in marking.stated]
        return Grade(
            candidate=answer.candidate,
            question_id=answer.question.id,
            section=answer.question.section,
            score=marking.score,
            low=low,
            high=high,
            band=band(marking.score),
            graded_by=GRADED_BY,
            similarity=None,
            verdicts=marking.verdicts,
            flags=flags,
            needs_review=doubtful,
            feedback=" ".join([*wrong, judgements[0].feedback.strip()]),
        )

    def _empty(self, answer: Answer, points: Sequence[KeyPoint]) -> Grade:
        """Return the grade of an answer without a word: 0, and no call was made."""
        verdicts = tuple(Verdict(p.id, p.text, p.weight, "missing", 0.0, None, "", None) for p in points)
        return Grade(
            candidate=answer.candidate,
            question_id=answer.question.id,
            section=answer.question.section,
            score=0.0,
            low=0.0,
            high=0.0,
            band=band(0.0),
            graded_by=GRADED_BY,
            similarity=None,
            verdicts=verdicts,
            flags=("empty",),
            needs_review=False,
            feedback="There is no answer.",
        )


@dataclass(slots=True)
class _Waiting:
    """An answer, and the judgements that have come for it, by sample."""

    answer: Answer
    wanted: int
    judgements: dict[int, Judgement | Unanswered] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return len(self.judgements) == self.wanted


def chunks(answers: Iterable[Answer], size: int) -> Iterator[list[Answer]]:
    """Cut a stream of answers into lists, taking no more of it than the next list."""
    stream = iter(answers)
    while chunk := list(islice(stream, size)):
        yield chunk


def _ungraded(answer: Answer, reason: str) -> Ungraded:
    return Ungraded(answer.candidate, answer.question.id, answer.question.section, reason)
