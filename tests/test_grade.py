import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.grade.model import CREDITS, band, earned_share, verdict_of

marks = st.lists(st.tuples(st.floats(-0.5, 1), st.floats(0.1, 10)), min_size=1)


@pytest.mark.parametrize(
    ("score", "name"),
    [(1, "strong"), (0.8, "strong"), (0.79, "adequate"), (0.6, "adequate"), (0.4, "weak"), (0, "poor")],
)
def test_bands(score, name):
    assert band(score) == name


@pytest.mark.parametrize(
    ("credit", "label"),
    [(1, "met"), (0.75, "met"), (0.74, "partial"), (0.25, "partial"), (0.24, "missing"), (-0.3, "contradicted")],
)
def test_the_verdict_is_the_nearest_mark(credit, label):
    assert verdict_of(credit) == label


def test_each_mark_is_its_own_verdict():
    assert all(verdict_of(credit) == label for label, credit in CREDITS.items())


def test_a_worked_example():
    # weights 2, 1, 1: met, contradicted, missing, and a misconception of weight 1
    assert earned_share([(1, 2), (-0.5, 1), (0, 1)], [1]) == pytest.approx((2 - 0.5 - 0.5) / 4)


@given(marks, st.lists(st.floats(0, 5)))
def test_shares_stay_in_bounds_and_misconceptions_never_help(points, penalties):
    share = earned_share(points, penalties)
    assert 0 <= share <= 1 + 1e-9
    assert share <= earned_share(points, []) + 1e-9


def test_nothing_to_earn_is_nothing_earned():
    assert earned_share([], []) == 0
