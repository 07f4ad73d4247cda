import re

import pytest

from grader.bank.load import load_bank
from grader.bank.stats import bank_stats, stats_table
from grader.errors import InputError
from grader.settings import data_folder
from tests.conftest import ROOT

GOOD = """\
section: Testing
questions:
  - id: t-001
    number: 1
    prompt: What is a test?
    reference: A test checks one thing.
    level: basic
    key_points:
      - id: one
        text: A test checks one thing
"""


def bank(tmp_path, text):
    (tmp_path / "01-testing.yaml").write_text(text, encoding="utf-8")
    return load_bank(tmp_path)


def test_a_bank_is_read(tmp_path):
    loaded = bank(tmp_path, GOOD)
    question = loaded.question("t-001")
    assert (question.section, question.key_points[0].weight) == ("Testing", 1)
    assert question.source.endswith("01-testing.yaml:3")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("level: basic", "level: easy", r"01-testing\.yaml:7: questions\.1\.level: .*'basic'.*'easy'"),
        ("    prompt: What is a test?\n", "", r"01-testing\.yaml:3: questions\.1\.prompt: Field required"),
        ("number: 1", "number: 1\n    colour: red", r"01-testing\.yaml:5: questions\.1\.colour: unknown key"),
        ("id: one", "id: One", r"01-testing\.yaml:9: questions\.1\.key_points\.1\.id: .*'One'"),
        ("number: 1", "number: [", r"01-testing\.yaml:\d+: not valid YAML"),
        ("section: Testing", "section: ''", r"01-testing\.yaml:1: section: "),
        (GOOD, "- section: Testing", r"01-testing\.yaml:1: file: expected keys with values, not \[\{'section"),
        ("level: basic", "level: basic\n    level: advanced", r"01-testing\.yaml:8: level: stands twice"),
    ],
)
def test_a_fault_is_told_with_file_line_and_field(tmp_path, old, new, message):
    with pytest.raises(InputError) as caught:
        bank(tmp_path, GOOD.replace(old, new))
    assert re.search(message, str(caught.value))


def test_ids_are_unique_and_numbers_rise(tmp_path):
    (tmp_path / "02-more.yaml").write_text(GOOD.replace("number: 1", "number: 2"), encoding="utf-8")
    with pytest.raises(InputError, match="'t-001' is taken"):
        bank(tmp_path, GOOD)
    (tmp_path / "02-more.yaml").write_text(GOOD.replace("t-001", "t-002"), encoding="utf-8")
    with pytest.raises(InputError, match="1 comes after 1"):
        bank(tmp_path, GOOD)


def test_an_unknown_id_names_the_nearest(tmp_path):
    with pytest.raises(InputError, match="did you mean 't-001'"):
        bank(tmp_path, GOOD).question("t-01")


def test_the_fingerprint_changes_with_what_is_graded_and_not_with_notes(tmp_path):
    first = bank(tmp_path, GOOD).fingerprint
    assert bank(tmp_path, GOOD.replace("level: basic", "level: basic\n    note: now")).fingerprint == first
    assert bank(tmp_path, GOOD.replace("checks one", "proves one")).fingerprint != first


def test_the_aws_bank_is_whole():
    loaded = load_bank(data_folder("bank") / "aws")
    assert len(loaded.sections) == 18
    assert [question.number for question in loaded] == list(range(1, 321))
    assert all(point.contrary for question in loaded for point in question.key_points)


def test_the_page_about_the_bank_shows_the_table_of_the_command():
    page = (ROOT / "docs" / "bank.md").read_text(encoding="utf-8")
    shown = page.partition("<!-- stats -->\n")[2].partition("<!-- /stats -->")[0]
    assert stats_table(bank_stats(load_bank(data_folder("bank") / "aws"))) == shown.strip()


def test_stats_of_a_bank(tmp_path):
    (row, total) = bank_stats(bank(tmp_path, GOOD))
    assert (row.section, row.questions, row.key_points, row.contraries, row.words) == ("Testing", 1, 1, 0, 14)
    assert (total.section, total.words) == ("all sections", 14)
