import csv

import pytest

from grader.answers import AnswerFile
from grader.answers.table import open_table
from grader.bank import Bank, Section
from grader.engines import RunReport, read_record
from grader.errors import InputError
from grader.grade.doubt import doubt, reasons
from grader.grade.entry import Override, overridden
from grader.grade.model import Grade, Ungraded, Verdict
from grader.report.records import write_rows
from grader.report.review import eval_rows, read_decisions, review_rows
from tests.runs import COST, OUTAGE, make_run

VERDICTS = (Verdict("a", "A", 3.0, "missing", 0.1, 0.2, "", None), Verdict("b", "B", 1.0, "met", 0.9, 0.9, "b", (0, 1)))
GRADE = Grade("ann", "q-1", "S", 0.55, 0.4, 0.7, "weak", "embedding", 0.5, VERDICTS, ("off_topic",), True, "")
UNGRADED = Ungraded("ann", "q-1", "S", "timeout")


@pytest.fixture
def report(tmp_path, word_grader):
    make_run(tmp_path, word_grader)
    record, run = read_record(tmp_path)
    yield RunReport(record, run)
    record.close()


def test_accepting_only_ends_the_review():
    result = overridden(GRADE, Override("eve", "", ""))
    assert (result.score, result.graded_by, result.needs_review) == (0.55, "embedding", False)


def test_verdicts_are_marked_by_the_formula():
    result = overridden(GRADE, Override("eve", "", "he says so", verdicts={"a": "partial"}))
    assert result.score == result.low == result.high == pytest.approx((3 * 0.5 + 1) / 4)
    assert [(v.verdict, v.credit) for v in result.verdicts] == [("partial", 0.5), ("met", 0.9)]
    assert (result.graded_by, result.band) == ("person", "adequate")


def test_a_score_makes_a_grade_of_an_ungraded_answer():
    assert overridden(UNGRADED, Override("eve", "", "")) == UNGRADED
    result = overridden(UNGRADED, Override("eve", "", "read it", 0.75))
    assert (result.score, result.similarity, result.needs_review) == (0.75, None, False)


def test_why_and_how_much():
    assert reasons(GRADE, 0.6) == [
        "it seems to be about something else",
        "its interval 0.40-0.70 holds the pass mark 0.60",
    ]
    assert doubt(GRADE, 0.6) == pytest.approx(1 + 0.01 + 0.99 * (1 - 0.05 / 0.15))
    assert (doubt(UNGRADED, 0.6), reasons(UNGRADED, 0.6)) == (10.0, ["no grade could be made: timeout"])
    settled = overridden(GRADE, Override("eve", "", ""))
    assert (doubt(settled, 0.6), reasons(settled, 0.6)) == (0.0, [])


def filled(report, folder, decide):
    """Export the sheet, let `decide` change its rows by position, and read it back."""
    header, *rows = review_rows(report.doubtful(), report.pass_mark)
    sheet = [dict(zip(header, row, strict=True)) for row in rows]
    for row in sheet:
        row.update(decide.get(int(row["position"]), {}))
    with (folder / "sheet.csv").open("w", encoding="utf-8", newline="") as stream:
        write_rows([header, *(list(row.values()) for row in sheet)], stream)
    return read_decisions(open_table(folder / "sheet.csv", "sheet.csv"), "sheet.csv", report.one, "eve", "now")


def test_a_sheet_goes_out_and_comes_back(report, tmp_path):
    decisions = filled(report, tmp_path, {5: {"new_score": "0,5", "reason": "read it"}, 0: {"accept": "Yes"}})
    assert dict(decisions) == {5: Override("eve", "now", "read it", 0.5), 0: Override("eve", "now", "")}
    report.record.override(report.run, decisions)
    later = RunReport(report.record, report.run)
    assert {e.answer.position for e in later.doubtful()}.isdisjoint({0, 5})


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"new_score": "1.5", "reason": "x"}, "row [0-9]+: new_score '1.5': expected a number from 0 to 1"),
        ({"new_score": "0.5"}, "needs a reason"),
        ({"accept": "no"}, "no decision"),
        ({"accept": "yes", "new_score": "1", "reason": "x"}, "accepted and changed at once"),
        ({"new_verdicts": "plan=good", "reason": "x"}, "expected KEY-POINT=VERDICT; key points here: note, plan, test"),
        ({"new_verdicts": "plane=met", "reason": "x"}, "'plane=met'"),
        ({"position": "99", "accept": "yes"}, "position '99' is no answer of this run"),
        ({"question_id": "q-9", "accept": "yes"}, "answers 'q-1', not 'q-9'"),
    ],
)
def test_faults_of_a_sheet_are_told_with_their_rows(report, tmp_path, cells, message):
    with pytest.raises(InputError, match=message):
        filled(report, tmp_path, {0: cells})


def test_a_file_that_is_no_sheet_is_told(report, tmp_path):
    (tmp_path / "x.csv").write_text("position,answer\n1,x\n", encoding="utf-8")
    with pytest.raises(InputError, match="no column 'question_id', 'accept'"):
        read_decisions(open_table(tmp_path / "x.csv", "x.csv"), "x.csv", report.one, "eve", "now")


def test_decisions_become_an_eval_set(report, tmp_path):
    decisions = [(1, Override("eve", "", "fine", 0.9)), (0, Override("eve", "", "", verdicts={"plan": "partial"}))]
    report.record.override(report.run, decisions)
    path = tmp_path / "more.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        write_rows(eval_rows(report.entries()), stream)
    file = AnswerFile(path, lambda: Bank("test", (Section("Operations", (OUTAGE,)),)))
    assert file.check() == 2
    first, second = file
    assert first.question == OUTAGE
    assert (second.question.reference, second.question.alternatives) == (COST.reference, COST.alternatives)
    assert [float(a.extra["human_score"]) for a in file] == [0.75, 0.9]
    assert list(csv.DictReader(path.open(encoding="utf-8")))[1]["reason"] == "fine"
