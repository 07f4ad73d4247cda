"""A grader for someone who waits: it gets ready in the background, and goes on offline when the endpoint is away."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread

from grader.answers import Answer
from grader.errors import BudgetError, EndpointError
from grader.grade.model import Grade, Ungraded
from grader.pipeline.grader import AsksModel, Grader


class WaitingGrader:
    """Grades one answer at a time.

    Where a language model is only a second opinion and gives none (no connection, the key refused, the budget spent,
    no usable reply), that is said once, and the similarity grader goes on alone.
    """

    def __init__(self, make: Callable[[], Grader], tell: Callable[[str], None], example: Answer | None = None) -> None:
        """Start to make the grader, in a thread of its own.

        Args:
            make: makes the grader.
            tell: says something to the user.
            example: an answer to get warm with; no language model is asked about it.

        """
        self._made: Future[Grader] = Future()
        self._tell = tell
        self._alone = False
        Thread(target=self._make, args=(make, example), daemon=True).start()

    @property
    def ready(self) -> bool:
        """Whether the next answer is graded without waiting for the model to load."""
        return self._made.done()

    @property
    def grader(self) -> Grader:
        """The grader, once it is ready. Raises what making it has raised."""
        return self._made.result()

    def grade(self, answer: Answer) -> tuple[Grade | Ungraded, str]:
        """Return the result for an answer, and the fingerprint of the grader that made it.

        Raises:
            EndpointError, BudgetError: as the grader, where no other one can take its place.
            ConfigError: the grader could not be made.

        """
        grader = self.grader
        offline = _offline(grader)
        if offline is None:
            return _one(grader, answer), grader.fingerprint
        if not self._alone:
            try:
                result = _one(grader, answer)
            except (EndpointError, BudgetError) as exc:
                why = str(exc)
            else:
                if isinstance(result, Grade):
                    return result, grader.fingerprint
                why = result.reason
        result = _one(offline, answer)
        if isinstance(result, Grade) and not self._alone:
            self._alone = True
            self._tell(f"The language model gives no grade ({why}). Going on without it.")
        return result, offline.fingerprint

    def _make(self, make: Callable[[], Grader], example: Answer | None) -> None:
        try:
            grader = make()
            warm = _offline(grader) or grader
            if example is not None and not isinstance(warm, AsksModel):
                _one(warm, example)
        except BaseException as exc:  # whoever waits for the grader raises it
            self._made.set_exception(exc)
        else:
            self._made.set_result(grader)


def _offline(grader: Grader) -> Grader | None:
    """Return the grader that can go on alone when the language model beside it is away."""
    from grader.pipeline.second_opinion import CascadeGrader, HybridGrader  # heavy, and not needed for a first question

    return grader.similarity if isinstance(grader, CascadeGrader | HybridGrader) else None


def _one(grader: Grader, answer: Answer) -> Grade | Ungraded:
    ((_, result),) = grader.grade([answer])
    return result
