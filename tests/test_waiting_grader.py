import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from grader.answers import Answer
from grader.engines.llm import make_rubric_grader
from grader.engines.practice import WaitingGrader
from grader.errors import ConfigError, EndpointError
from grader.grade.model import Grade, Ungraded
from grader.pipeline.second_opinion import CascadeGrader
from grader.settings import load_settings
from tests.endpoint import Endpoint, all_met, completion, error
from tests.fakes import FixedGrader
from tests.runs import OUTAGE

SURE, DOUBTFUL = Answer(OUTAGE, "yes"), Answer(OUTAGE, "perhaps")


class Similarity(FixedGrader):
    """Gives every answer .9, and is in doubt about those that say "perhaps"."""

    def __init__(self):
        super().__init__(lambda _: 0.9)

    def grade(self, answers):
        for answer, result in super().grade(answers):
            yield answer, replace(result, low=0.3) if "perhaps" in answer.text else result


@pytest.fixture
def endpoint():
    server = Endpoint()
    yield server
    server.close()


@pytest.fixture
def told():
    return []


@pytest.fixture
def cascade(tmp_path, endpoint, told):
    environment = {"GRADER_CACHE_DIR": str(tmp_path), "GRADER_ATTEMPTS": "1", "GRADER_CACHE": "false"}
    settings = load_settings({"base_url": endpoint.url}, environment, tmp_path)

    def make(**changes):
        rubric = make_rubric_grader(replace(settings, **changes))
        return WaitingGrader(lambda: CascadeGrader(Similarity(), rubric), told.append, SURE)

    return make


def test_the_language_model_is_asked_only_in_doubt(cascade, endpoint, told):
    grader = cascade()
    result, fingerprint = grader.grade(SURE)
    assert (result.graded_by, len(endpoint.requests)) == ("fixed", 0)
    result, again = grader.grade(DOUBTFUL)
    assert (result.graded_by, len(endpoint.requests), again) == ("llm", 1, fingerprint)
    assert told == []


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (lambda *_: error(503), "the endpoint answers 503"),
        (lambda *_: error(401), "the key is not accepted"),
        (lambda *_: completion("no JSON"), ""),
    ],
)
def test_an_endpoint_that_gives_nothing_is_told_once_and_left_alone(cascade, endpoint, told, script, why):
    endpoint.script = script
    grader = cascade()
    results = [grader.grade(DOUBTFUL) for _ in range(3)]
    assert {result.graded_by for result, _ in results} == {"fixed"}
    assert {fingerprint for _, fingerprint in results} == {FixedGrader.fingerprint}
    (message,) = told
    assert why in message
    assert len(endpoint.requests) <= 2


def test_an_endpoint_that_goes_away_in_between(cascade, endpoint, told):
    endpoint.script = lambda body, number: all_met(body, number) if number == 0 else error(503)
    grader = cascade()
    assert [grader.grade(DOUBTFUL)[0].graded_by for _ in range(3)] == ["llm", "fixed", "fixed"]
    assert len(told) == 1


def test_nowhere_to_connect_to(cascade, told):
    result, _ = cascade(base_url="http://127.0.0.1:9/v1").grade(DOUBTFUL)
    assert result.graded_by == "fixed"
    assert "127.0.0.1:9" in told[0]


def test_a_spent_budget_is_no_end(cascade, told, endpoint):
    result, _ = cascade(budget=0.0, price="1,1").grade(DOUBTFUL)
    assert result.graded_by == "fixed"
    assert (len(told), len(endpoint.requests)) == (1, 0)


def test_a_language_model_alone_has_nothing_to_fall_back_on(tmp_path, endpoint, told):
    endpoint.script = lambda *_: error(401)
    settings = load_settings({"base_url": endpoint.url}, {"GRADER_CACHE_DIR": str(tmp_path)}, tmp_path)
    grader = WaitingGrader(lambda: make_rubric_grader(settings), told.append, SURE)
    with pytest.raises(EndpointError):
        grader.grade(SURE)
    assert len(endpoint.requests) == 1


def test_what_making_the_grader_raises_comes_with_the_first_answer():
    def fail():
        raise ConfigError("no model")

    grader = WaitingGrader(fail, print)
    with pytest.raises(ConfigError, match="no model"):
        grader.grade(SURE)
    assert grader.ready


def test_an_answer_that_nobody_can_grade_is_no_fault_of_the_endpoint(cascade, endpoint, told):
    endpoint.script = lambda *_: error(503)
    grader = WaitingGrader(lambda: CascadeGrader(FixedGrader(lambda _: None), cascade().grader.llm), told.append)
    result, _ = grader.grade(SURE)
    assert isinstance(result, Ungraded)
    assert told == []


def test_one_grade_at_a_time():
    grader = WaitingGrader(lambda: FixedGrader(lambda text: len(text) / 10), print)
    result, _ = grader.grade(SURE)
    assert isinstance(result, Grade)
    assert result.score == 0.3


def test_it_gets_ready_while_nobody_waits():
    go_on = threading.Event()

    def make():
        assert go_on.wait(30)
        return FixedGrader(lambda _: 0.5)

    grader = WaitingGrader(make, print, SURE)
    assert not grader.ready
    go_on.set()
    assert grader.grade(SURE)[0].score == 0.5
    assert grader.ready


def test_nothing_heavy_is_loaded_before_the_first_question():
    code = (
        "import sys, grader.cli.taking.course, grader.cli.taking.terminal, grader.cli.taking.plain\n"
        "print(sorted({'onnxruntime', 'torch', 'openai', 'scipy', 'sklearn', 'numpy'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
