import csv
import json

import numpy as np
import pytest

from grader.evaluation.fitting import Ends, ReferenceSamples, fit_doubt, fit_route, fit_scale
from grader.similarity.features import REFERENCE_FEATURES
from grader.similarity.profile import Doubt, Route, load_profile

FLAT = Route(weights={"recall": 1.0}, scale=[(0, 0), (1, 1)], doubt=Doubt(edges=[], below=[1], above=[1]))


def features(rng, count):
    rows = rng.uniform(size=(count, 1, len(REFERENCE_FEATURES))).astype(np.float32)
    return list(rows)


def ends():
    said = [float(name in {"recall", "stems"}) for name in REFERENCE_FEATURES]
    full = np.array([said], np.float32)
    return Ends(nothing=ReferenceSamples([0 * full]), everything=ReferenceSamples([full]))


def test_a_fit_finds_the_weights_that_made_the_scores():
    rng = np.random.default_rng(0)
    samples = ReferenceSamples(features(rng, 400))
    made = FLAT.model_copy(update={"weights": {"recall": 0.6, "stems": 0.3, "negation": -0.4}, "intercept": 0.2})
    human = np.clip(samples.values(made), 0, 1)
    groups = [f"q{index % 20}" for index in range(400)]
    fitted = fit_route(samples, human, groups, FLAT, shrinkage=0.1, pass_mark=0.6, ends=ends())
    assert fitted.route.weights["stems"] == pytest.approx(0.3, abs=0.05)
    assert fitted.route.weights["negation"] == pytest.approx(-0.4, abs=0.05)
    assert np.corrcoef(fitted.scores, human)[0, 1] > 0.98


def test_no_fit_rewards_a_denial():
    rng = np.random.default_rng(1)
    samples = ReferenceSamples(features(rng, 200))
    human = np.array([f[0, REFERENCE_FEATURES.index("negation")] for f in samples.features], float)
    fitted = fit_route(
        samples, human, [f"q{i % 10}" for i in range(200)], FLAT, shrinkage=0.1, pass_mark=0.6, ends=ends()
    )
    assert fitted.route.weights.get("negation", 0) <= 0


def covered(doubt, scores, human):
    return np.mean([low <= told <= high for told, (low, high) in zip(human, map(doubt.interval, scores), strict=True)])


def test_intervals_cover_nine_in_ten_new_answers():
    rng = np.random.default_rng(2)
    human = rng.uniform(size=4000)
    scores = np.clip(human + rng.normal(scale=0.1 + 0.2 * human), 0, 1)
    doubt = fit_doubt(scores[:2000], human[:2000], np.ones(2000), [f"q{n % 100}" for n in range(2000)])
    assert 0.88 <= covered(doubt, scores[2000:], human[2000:]) <= 0.92


def test_intervals_of_few_answers_to_questions_that_differ_cover_as_many():
    rng = np.random.default_rng(6)

    def drawn(questions):
        bias = np.repeat(rng.normal(scale=0.2, size=questions), 8)
        human = rng.uniform(size=8 * questions)
        scores = np.clip(human + bias + rng.normal(scale=0.15, size=len(human)), 0, 1)
        return scores, human, [f"q{n // 8}" for n in range(len(human))]

    new, told, _ = drawn(400)
    few = []
    for _ in range(10):
        scores, human, questions = drawn(25)
        few.append(covered(fit_doubt(scores, human, np.ones(len(human)), questions), new, told))
    assert 0.88 <= np.mean(few) <= 0.94


def test_a_scale_rises_and_passes_where_right_is_as_likely_as_wrong():
    values = np.linspace(0, 1, 500)
    human = (values + np.random.default_rng(3).normal(scale=0.1, size=500) > 0.4).astype(float)
    ends = [(-0.5, 0.0), (1.5, 0.9), (2.0, 1.0)]
    scale = fit_scale(values, human, np.ones(500), 0.6, ends)
    assert [score for _, score in scale] == sorted(score for _, score in scale)
    assert fit_scale(values, 0.8 * human, np.ones(500), 0.6, ends)[-2:] == ends[1:]
    assert fit_scale(values, 0.95 * human, np.ones(500), 0.6, ends)[-1] == ends[-1]  # .9 would make it level
    assert (1.5, 0.9) not in fit_scale(values, 0.95 * human, np.ones(500), 0.6, ends)
    assert np.interp(0.4, *zip(*scale, strict=True)) == pytest.approx(0.6, abs=0.1)


def scored(path, count, questions=5):
    rng = np.random.default_rng(4)
    facts = ["water evaporates", "salt stays behind", "heat drives it", "the vapour rises", "crystals form"]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["question_id", "question", "reference", "answer", "human_score"])
        for index in range(count):
            kept = [fact for fact in facts if rng.random() < 0.5]
            question = f"q{index % questions}"
            text = ". ".join(kept) or f"I am not sure about case {index}"
            writer.writerow([question, f"What happens in case {question}?", ". ".join(facts), text, len(kept) / 5])
    return path


def test_the_command_fits_writes_and_tells(run_json, tmp_path):
    answers = scored(tmp_path / "scored.csv", 60)
    told = run_json("eval", "calibrate", answers, "--out", "mine.json")
    assert told["answers"] >= 55
    assert told["after"]["rmse"] < told["before"]["rmse"]
    assert not told["worse"]
    profile = load_profile(str(tmp_path / "mine.json"))
    assert profile.name == "mine"
    assert "scored.csv" in profile.fitted_on
    result = run_json("eval", "run", answers, "--profile", "mine.json")
    assert result["metrics"]["pearson"]["value"] > 0.7


def test_too_few_answers_are_refused_with_a_clear_word(run, tmp_path):
    result = run("eval", "calibrate", scored(tmp_path / "few.csv", 20), "--out", "mine.json")
    assert result.returncode == 2
    assert "at least 30" in result.stderr
    assert not (tmp_path / "mine.json").exists()


def test_a_profile_with_an_error_is_told_with_its_field(run, tmp_path):
    profile = json.loads(load_profile("default").model_dump_json())
    profile["reading"]["weights"]["luck"] = 1
    (tmp_path / "bad.json").write_text(json.dumps(profile))
    result = run("score", "--question", "aws-001", "x", "--profile", "bad.json")
    assert result.returncode == 2
    assert "bad.json" in result.stderr
    assert "luck" in result.stderr
