import numpy as np
import pytest

from grader.evaluation.agreement import agreement, metrics


def test_known_values():
    human, scores = np.array([0, 0.5, 1.0]), np.array([0.25, 0.5, 0.75])
    figures = {name: metric(human, scores) for name, metric in metrics(0.6).items()}
    assert figures["pearson"] == pytest.approx(1)
    assert figures["mae"] == pytest.approx(1 / 6)
    assert figures["rmse"] == pytest.approx(np.sqrt(0.125 / 3))
    assert figures["bias"] == pytest.approx(0)
    assert figures["macro_f1_2way"] == 1


def test_kappa_of_a_published_example():
    # Cohen 1968: quadratic weights; disagreement by one class of two classes is plain kappa
    human = np.array([0] * 20 + [0] * 5 + [1] * 10 + [1] * 15, float)
    scores = np.array([0] * 20 + [1] * 5 + [0] * 10 + [1] * 15, float)
    assert metrics(0.6)["qwk"](human, scores) == pytest.approx(0.4)


def test_the_interval_is_seeded_and_holds_the_value():
    rng = np.random.default_rng(1)
    human = rng.random(200)
    scores = np.clip(human + rng.normal(0, 0.2, 200), 0, 1)
    questions = [f"q{i % 20}" for i in range(200)]
    first = agreement(human, scores, questions, pass_mark=0.6, seed=3, draws=100)
    assert first == agreement(human, scores, questions, pass_mark=0.6, seed=3, draws=100)
    assert first["pearson"]["low"] < first["pearson"]["value"] < first["pearson"]["high"]


def test_no_data_is_none():
    result = agreement([0.5, 0.5], [0.1, 0.2], ["a", "b"], pass_mark=0.6, seed=0, draws=10)
    assert result["pearson"] == {"value": None, "low": None, "high": None}
