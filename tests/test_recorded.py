"""The recorded replies of a real model still answer what is asked today, and give marks."""

import csv
import json

import pytest

from grader.adapters.batch_files import custom_id
from grader.answers import AnswerFile
from grader.bank.load import load_bank
from grader.engines.llm import make_rubric_grader
from grader.grade.model import Grade
from grader.settings import load_settings
from tests.conftest import ROOT

RECORDED = ROOT / "eval" / "recorded"


@pytest.fixture(scope="module")
def answers():
    bank = load_bank(RECORDED / "bank")
    return list(AnswerFile(RECORDED / "answers.csv", lambda: bank))


@pytest.fixture(scope="module")
def grader(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recorded")
    settings = load_settings({"model": "hosted-assistant", "grader": "llm"}, {"GRADER_CACHE_DIR": str(folder)}, folder)
    return make_rubric_grader(settings, RECORDED / "responses.jsonl")


def test_what_was_asked_is_what_is_asked_today(answers, grader):
    lines = (RECORDED / "requests.jsonl").read_text(encoding="utf-8").splitlines()
    assert [custom_id(request) for request in grader.requests(answers)] == [json.loads(x)["custom_id"] for x in lines]


def test_every_reply_can_be_used_and_no_plea_was_listened_to(answers, grader):
    results = [result for _, result in grader.grade(answers)]
    assert len(results) == 64
    assert all(isinstance(result, Grade) for result in results)
    with (RECORDED / "answers.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    above = [r.score - float(row["rater1"]) for row, r in zip(rows, results, strict=True) if row["label"] == "plea"]
    assert len(above) == 20
    assert max(above) <= 0.1
