import csv
import json
from xml.etree import ElementTree as ET

import pytest
from openpyxl import load_workbook

from grader.engines import STANDARD, RunReport, read_record
from grader.engines.reports import FILES
from grader.errors import InputError
from grader.grade.entry import Override
from grader.report.files import writing
from grader.report.html import histogram
from tests.runs import MANIFEST, NOTE, make_run

ALL = tuple(FILES)


@pytest.fixture
def report(tmp_path, word_grader):
    make_run(tmp_path, word_grader)
    record, run = read_record(tmp_path)
    yield RunReport(record, run)
    record.close()


def rows(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_format_twice_the_same(report, tmp_path):
    once = report.write(tmp_path / "once", ALL)
    again = RunReport(report.record, report.run).write(tmp_path / "again", ALL)
    assert [file.name for file in once] == [
        "manifest.json", "grades.csv", "scorecards.csv", "review.csv", "integrity.csv", "grades.jsonl",
        "scorecards.html", "junit.xml", "report.md", "report.xlsx",
    ]  # fmt: skip
    for first, second in zip(once, again, strict=True):
        if first.suffix != ".xlsx":  # a workbook holds the time at which it was made
            assert first.read_bytes() == second.read_bytes(), first.name


def test_the_rows_of_each_file(report, tmp_path):
    report.write(tmp_path, ALL)
    grades = rows(tmp_path / "grades.csv")
    assert [(row["candidate"], row["question_id"]) for row in grades[1:4]] == [
        ("ann", "q-2"),
        ("'=bob", "q-1"),
        ("'=bob", "q-2"),
    ]
    assert (grades[5]["score"], grades[5]["flags"]) == ("", "ungraded: no reply")
    lines = [json.loads(line) for line in (tmp_path / "grades.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [str(line["score"]) for line in lines[:5]] == [row["score"] for row in grades[:5]]
    cards = rows(tmp_path / "scorecards.csv")
    assert [(card["rank"], card["candidate"]) for card in cards] == [("1", "ann"), ("2", "'=bob"), ("3", "carl")]
    assert (cards[2]["ungraded"], cards[2]["Cost"], cards[2]["Operations"]) == ("1", "", "0.0")


def test_answers_of_the_same_wording_are_flagged_and_not_scored(report, tmp_path):
    report.write(tmp_path, ["csv"])
    (pair,) = [row for row in rows(tmp_path / "integrity.csv") if row["other"] != "(reference)"]
    assert (pair["question_id"], pair["candidate"], pair["other"]) == ("q-1", "ann", "'=bob")
    assert NOTE in pair["words"]
    grades = {(row["candidate"], row["question_id"]): row for row in rows(tmp_path / "grades.csv")}
    assert "near_identical" in grades["ann", "q-1"]["flags"]
    assert grades["ann", "q-1"]["needs_review"] == "true"
    machine = {entry.answer.position: entry.machine for entry in report.entries()}
    assert grades["ann", "q-1"]["score"] == str(round(machine[0].score, 4))


def test_the_review_sheet_is_most_doubtful_first(report, tmp_path):
    report.write(tmp_path, ["csv"])
    sheet = rows(tmp_path / "review.csv")
    assert (sheet[0]["candidate"], sheet[0]["why"]) == ("carl", "no grade could be made: no reply")
    assert sheet[0]["answer"] == "'=1+1"
    doubted = {row["position"] for row in sheet}
    assert doubted == {str(e.answer.position) for e in report.entries() if getattr(e.result, "needs_review", True)}


def test_decisions_flow_into_every_report(report, tmp_path):
    report.record.override(report.run, [(5, Override("eve", "2026-01-01", "read it", 0.25))])
    report.write(tmp_path, ["csv", "jsonl", "md"])
    row = rows(tmp_path / "grades.csv")[5]
    assert (row["score"], row["graded_by"], row["similarity"], row["needs_review"]) == ("0.25", "person", "", "false")
    line = json.loads((tmp_path / "grades.jsonl").read_text(encoding="utf-8").splitlines()[5])
    assert (line["machine_score"], line["overrides"][0]["who"]) == (None, "eve")
    assert "6 graded, 0 ungraded" in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_blind_reports_name_nobody_and_always_the_same(report, tmp_path):
    blind = RunReport(report.record, report.run, blind=True)
    for file in blind.write(tmp_path / "blind", ALL[:-1]):
        assert "bob" not in file.read_text(encoding="utf-8"), file.name
    names = {entry.answer.candidate for entry in blind.entries()}
    assert len(names) == 3
    assert names == {s.card.candidate for s in RunReport(report.record, report.run, blind=True).cohort.standings}


def test_junit(report, tmp_path):
    report.write(tmp_path, ["junit"])
    suites = ET.parse(tmp_path / "junit.xml").getroot()
    carl = suites[2]
    assert {key: carl.get(key) for key in ("name", "tests", "failures", "errors")} == {
        "name": "carl", "tests": "2", "failures": "1", "errors": "1",
    }  # fmt: skip
    assert carl[1][0].get("message") == "no reply"


def test_the_workbook_holds_text_as_text(report, tmp_path):
    report.write(tmp_path, ["xlsx"])
    book = load_workbook(tmp_path / "report.xlsx")
    assert book.sheetnames == ["scorecards", "grades", "review", "integrity"]
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    assert book["scorecards"]["A2"].data_type == "s"
    assert book["scorecards"]["D2"].value == round(report.cohort.standings[0].card.overall.score, 4)


def test_the_page_cannot_be_broken_out_of(report, tmp_path):
    report.write(tmp_path, ["html"])
    page = (tmp_path / "scorecards.html").read_text(encoding="utf-8")
    assert "<b>Turn off" not in page
    assert page.count("</script>") == page.count("<script")
    assert "How do you save <money>" not in page
    assert "http" not in page.replace('http-equiv="Content-Security-Policy"', "")


def test_explaining_a_mark(report):
    ((entry, pairs),) = report.explain("ann", "q-1")
    assert (entry.answer.candidate, len(pairs)) == ("ann", 2)
    assert {pair.other for pair in pairs} == {"=bob", None}


def test_histogram():
    assert histogram([0, 0.05, 0.1, 0.99, 1]) == [2, 1, 0, 0, 0, 0, 0, 0, 0, 2]


def test_a_file_is_whole_or_as_it_was(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("before", encoding="utf-8")
    with pytest.raises(TypeError), writing(path) as stream:
        stream.writelines(["half", None])
    assert [file.read_text(encoding="utf-8") for file in tmp_path.iterdir()] == ["before"]
    with pytest.raises(InputError, match="cannot be written"), writing(path / "below.csv") as stream:
        stream.write("x")


def test_the_standard_formats_are_those_of_the_contract():
    assert STANDARD == ("manifest", "csv", "jsonl", "html")
    assert MANIFEST["settings"]["pass_mark"] == 0.6
