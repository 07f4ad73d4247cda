"""Calibration: a profile fitted to somebody's own scored answers, and whether it is any better than the one at hand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain

import numpy as np

from grader.answers import Answer
from grader.bank import Question
from grader.errors import InputError
from grader.evaluation.agreement import metrics
from grader.evaluation.evalset import Rated
from grader.evaluation.fitting import Ends, KeyPointSamples, Numbers, ReferenceSamples, Samples, fit_route
from grader.pipeline.finding import Finder, Found
from grader.similarity.profile import Profile, Route

LEAST = 30
"""Answers below which a fit would say more about chance than about the answers."""
LEAST_QUESTIONS = 2
NOTHING = (
    "I don't know, sorry.",
    "No idea what this is about, we never had that.",
    "Could you please repeat the question?",
    "My grandmother knits socks while she listens to old love songs.",
    "Florb gnatz quiv blen dorp snick wubble frim tozz.",
)
"""Answers that say nothing, whatever the question."""
SHRINKAGE = 20.0
"""How strongly a fit is drawn to the profile at hand: as much as so many answers draw it away."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A profile, and how it compares with the one it started from, on questions that neither fit had seen."""

    profile: Profile
    answers: int
    questions: int
    routes: tuple[str, ...]
    """Those that were fitted; the others are as they were."""
    before: dict[str, float]
    """`pearson`, `qwk`, `mae`, … of the profile at hand."""
    after: dict[str, float]
    """The same of the fitted one."""

    @property
    def worse(self) -> bool:
        """Whether the fit lies further from the human scores than what was there."""
        return self.after["rmse"] > self.before["rmse"]


def calibrate(
    rows: Sequence[Rated], finder: Finder, profile: Profile, *, name: str, what: str, pass_mark: float
) -> Calibration:
    """Fit a profile to scored answers.

    Args:
        rows: the answers with their human scores.
        finder: finds the features.
        profile: what the fit starts from, and is drawn to.
        name: of the new profile.
        what: the data, for `fitted_on`.
        pass_mark: the score from which an answer counts as right.

    Raises:
        InputError: fewer than 30 answers with words, or fewer than two questions.

    """
    found = finder.find([row.answer for row in rows])
    pairs = [(one, row) for one, row in zip(found, rows, strict=True) if not one.guarded.worthless]
    questions = {row.answer.question.id for _, row in pairs}
    if len(pairs) < LEAST:
        raise InputError(f"{what}: {len(pairs)} scored answers with words in them; a profile needs at least {LEAST}")
    if len(questions) < LEAST_QUESTIONS:
        raise InputError(f"{what}: one question; a profile needs answers to at least {LEAST_QUESTIONS}")
    fitted: dict[str, Route] = {}
    human, before, after = [], [], []
    for field, chosen in split_by_route(pairs).items():
        if len(chosen) < LEAST or len({row.answer.question.id for _, row in chosen}) < LEAST_QUESTIONS:
            continue
        prior: Route = getattr(profile, field)
        samples = samples_of([one for one, _ in chosen])
        scores = np.array([row.human for _, row in chosen])
        result = fit_route(
            samples,
            scores,
            [row.answer.question.id for _, row in chosen],
            prior,
            shrinkage=SHRINKAGE,
            pass_mark=pass_mark,
            ends=known_ends(finder, [row.answer.question for _, row in chosen]),
        )
        fitted[field] = result.route
        human.append(scores)
        before.append(np.array([prior.score(value) for value in samples.values(prior)]))
        after.append(result.scores)
    if not fitted:
        raise InputError(f"{what}: too few answers of any one kind (key points, long or short references): {LEAST}")
    told, old, new = (np.concatenate(parts) for parts in (human, before, after))
    figures = _figures(told, new, pass_mark)
    made = profile.model_copy(
        update={
            **fitted,
            "name": name,
            "fitted_on": f"{what}: {len(pairs)} answers to {len(questions)} questions; from {profile.name}",
            "date": date.today().isoformat(),  # noqa: DTZ011  # the user's own day
            "held_out": {"questions that the fit had not seen": figures},
        }
    )
    return Calibration(made, len(pairs), len(questions), tuple(fitted), _figures(told, old, pass_mark), figures)


def split_by_route(pairs: Sequence[tuple[Found, Rated]]) -> dict[str, list[tuple[Found, Rated]]]:
    """Return the answers by the field of the profile that weighs them."""
    parts: dict[str, list[tuple[Found, Rated]]] = {"key_points": [], "reading": [], "references": []}
    for one, row in pairs:
        field = "key_points" if one.evidence is not None else "reading" if all(one.read) else "references"
        parts[field].append((one, row))
    return parts


def samples_of(found: Sequence[Found]) -> Samples:
    """Return answers of one route as samples."""
    if found[0].evidence is None:
        return ReferenceSamples([one.features for one in found])
    evidence = [one.evidence.features for one in found if one.evidence is not None]
    weights = [[point.weight for point in one.answer.question.key_points] for one in found]
    return KeyPointSamples(evidence, weights, [[point.weight for point in one.stated] for one in found])


def known_ends(finder: Finder, questions: Iterable[Question], worthless: Iterable[Answer] = ()) -> Ends:
    """Return answers that say nothing, these worthless ones among them, and the references as answers."""
    distinct = {id(question): question for question in questions}.values()

    def samples(answers: Iterable[Answer]) -> Samples:
        found = finder.find(list(answers))
        return samples_of([one for one in found if one.evidence is not None or len(one.features)])

    nothing = (Answer(question, text) for question in distinct for text in NOTHING)
    return Ends(
        nothing=samples(chain(nothing, worthless)),
        everything=samples(Answer(question, question.reference) for question in distinct),
    )


def _figures(human: Numbers, scores: Numbers, pass_mark: float) -> dict[str, float]:
    values = {name: metric.value(human, scores) for name, metric in metrics(pass_mark).items()}
    return {name: round(value, 4) for name, value in values.items() if value is not None}
