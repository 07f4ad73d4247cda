import dataclasses

import pytest

from grader.grade.model import Grade, Ungraded, Verdict
from grader.scorecard import cohort_of, scorecards
from grader.scorecard.card import Z_90


def verdict(label, point="one", weight=1.0):
    return Verdict(point, f"text of {point}", weight, label, 0.0, 0.0, "", None)


def grade(candidate, score, half=0.1, question="q-1", section="S", verdicts=(), review=False):
    low, high = score - half, score + half
    return Grade(candidate, question, section, score, low, high, "", "embedding", 0.5, verdicts, (), review, "")


def test_a_worked_example():
    results = [grade("ann", 0.4), grade("ann", 0.6, question="q-2", section="T", review=True)]
    (card,) = scorecards([*results, Ungraded("ann", "q-3", "T", "timeout")])
    variance = (0.02 + (0.1 / Z_90) ** 2) / 2
    assert card.overall.score == pytest.approx(0.5)
    assert card.overall.high - card.overall.score == pytest.approx(Z_90 * variance**0.5)
    assert [(t.name, t.graded, t.ungraded, t.to_review) for t in card.sections] == [("S", 1, 0, 0), ("T", 1, 1, 1)]
    assert card.sections[0].high == pytest.approx(0.5)


def test_nothing_graded_has_no_score():
    (card,) = scorecards([Ungraded("ann", "q-1", "S", "timeout")])
    assert (card.overall.score, card.overall.band, card.overall.ungraded) == (None, "", 1)


def test_the_heaviest_unmet_key_points_are_named():
    verdicts = (verdict("missing", "light"), verdict("contradicted", "heavy", 3.0), verdict("met", "said", 9.0))
    (card,) = scorecards([grade("ann", 0.5, verdicts=verdicts)])
    assert [point for _, point, _ in card.weakest] == ["heavy", "light"]


def test_candidates_who_cannot_be_told_apart_share_a_rank_band():
    scores = {"low": 0.3, "best": 0.9, "close": 0.8, "same": 0.8, "middle": 0.74}
    cohort = cohort_of([*(grade(name, score) for name, score in scores.items()), Ungraded("none", "q-1", "S", "x")])
    standings = [(s.card.candidate, s.rank, s.rank_band) for s in cohort.standings]
    # .9 - .8 is within hypot(.1, .1) = .14 and .9 - .74 is not
    assert standings == [
        ("best", 1, 1), ("close", 2, 1), ("same", 2, 1), ("middle", 4, 2), ("low", 5, 3), ("none", None, None),
    ]  # fmt: skip


def test_hard_questions_and_missed_key_points_come_first():
    easy = grade("ann", 0.9, verdicts=(verdict("met"),))
    hard = grade("ann", 0.2, question="q-2", verdicts=(verdict("missing", "a"), verdict("contradicted", "b")))
    cohort = cohort_of([easy, hard, dataclasses.replace(hard, candidate="bob", verdicts=(verdict("met", "a"),))])
    assert [q.question_id for q in cohort.questions] == ["q-2", "q-1"]
    assert [(p.key_point, p.graded, p.missed, p.contradicted) for p in cohort.key_points] == [
        ("b", 1, 1, 1), ("a", 2, 1, 0), ("one", 1, 0, 0),
    ]  # fmt: skip
    assert (cohort.graded, cohort.ungraded, cohort.to_review) == (3, 0, 0)
