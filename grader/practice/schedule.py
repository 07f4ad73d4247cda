"""When a question comes back: sooner when its answer was poor, later when it was strong.

The scheduler is FSRS (Ye, Su and Cao, A Stochastic Shortest Path Algorithm for Optimizing Spaced Repetition
Scheduling, KDD 2022), with the published default weights of its library.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import fsrs

from grader.grade.model import Grade, band
from grader.practice.sitting import Attempt, first_tries

RATINGS = {
    "strong": fsrs.Rating.Easy,
    "adequate": fsrs.Rating.Good,
    "weak": fsrs.Rating.Hard,
    "poor": fsrs.Rating.Again,
}
"""How well an answer of a band was remembered."""


@dataclass(frozen=True, slots=True)
class Due:
    """When a question should be asked again."""

    when: datetime
    """UTC."""
    memory: float
    """0..1: how likely it is still remembered now, as FSRS estimates it."""
    score: float
    """Of the latest first try."""

    def by(self, now: datetime) -> bool:
        """Say whether it is due on the day of `now`, in the time zone of `now`."""
        return self.when.astimezone(now.tzinfo).date() <= now.date()


def schedule(attempts: Iterable[Attempt], now: datetime) -> dict[str, Due]:
    """Return when each question that was answered should come back, by its id.

    Only graded first tries count: a second one, made just after feedback, says little about memory.
    """
    cards: dict[str, fsrs.Card] = {}
    scores: dict[str, float] = {}
    for attempt in sorted(first_tries(attempts), key=lambda a: a.made):
        if not isinstance(attempt.result, Grade):
            continue
        name = attempt.entry.answer.question.id
        card = cards.get(name) or fsrs.Card(card_id=len(cards) + 1, due=attempt.made)
        rating = RATINGS[band(attempt.result.score)]
        cards[name], _ = _scheduler().review_card(card, rating, attempt.made.astimezone(UTC))
        scores[name] = attempt.result.score
    return {
        name: Due(card.due, _scheduler().get_card_retrievability(card, now), scores[name])
        for name, card in cards.items()
    }


@cache
def _scheduler() -> fsrs.Scheduler:
    # Questions come back on another day, never within the hour; without fuzz the same history has one schedule.
    return fsrs.Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)
