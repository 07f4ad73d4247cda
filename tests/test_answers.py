import csv
import json

import pyarrow.parquet
import pytest
from openpyxl import Workbook

from grader.answers import AnswerFile
from grader.bank import Bank, KeyPoint, Question, Section
from grader.errors import InputError

QUESTION = Question("t-001", "What?", "That.", (KeyPoint("one", "That."),))
OTHER = Question("t-002", "Why is the sky, by day, blue?", "Light scatters.", (KeyPoint("one", "Light scatters."),))
BANK = Bank("test", (Section("Testing", (QUESTION, OTHER)),))
LONG = "candidate,question_id,answer\nann,t-001,yes\n"


def no_bank():
    raise AssertionError("a self-contained file needs no bank")


def read(tmp_path, content, load_bank=lambda: BANK):
    path = tmp_path / "answers.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    file = AnswerFile(path, load_bank)
    file.check()
    return file, list(file)


def test_the_long_form(tmp_path):
    _, (answer,) = read(tmp_path, LONG)
    assert (answer.candidate, answer.question, answer.text, answer.row) == ("ann", QUESTION, "yes", 2)


def test_the_self_contained_form_needs_no_bank(tmp_path):
    text = 'question,reference,key_points,alternatives,answer\nQ,R,"a\nb",x || y,hello\n,R2,,,two\n'
    _, (first, second) = read(tmp_path, text, no_bank)
    assert [point.text for point in first.question.key_points] == ["a", "b"]
    assert first.question.alternatives == ("x", "y")
    assert second.question.prompt == ""
    assert first.question.id != second.question.id


@pytest.mark.parametrize(
    "content",
    [
        LONG.replace("yes", "caf\u00e9").encode("utf-8-sig"),
        LONG.replace("yes", "caf\u00e9").encode("utf-16"),
        LONG.replace("yes", "caf\u00e9").encode("utf-16-le"),
        LONG.replace("yes", "caf\u00e9").encode("utf-16-be"),
        LONG.replace("yes", "caf\u00e9").encode("cp1252"),
        LONG.replace("yes", "caf\u00e9").replace(",", ";").encode(),
        LONG.replace("yes", "caf\u00e9").replace(",", "\t").encode(),
        LONG.replace("yes", "caf\u00e9").replace("\n", "\r\n").encode(),
    ],
    ids=["bom", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "semicolons", "tabs", "crlf"],
)
def test_encodings_and_separators(tmp_path, content):
    _, (answer,) = read(tmp_path, content)
    assert answer.text == "caf\u00e9"


def test_quoted_line_breaks_and_a_megabyte(tmp_path):
    long = "word " * 200_000
    _, answers = read(tmp_path, f'candidate,question_id,answer\nann,t-001,"one\ntwo"\nbob,t-001,{long}\n')
    assert answers[0].text == "one\ntwo"
    assert answers[1].row == 3
    assert len(answers[1].text) == len(long)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("candidate,question_id,answer\n", "no answers"),
        ("candidate,question_id,anwser\nann,t-001,x\n", "no column 'answer' .did you mean 'anwser'"),
        ("candidate,qid,answer\nann,t-001,x\n", "no column 'question_id'"),
        ("question_id,answer\nt-009,x\n", "row 2: .*no question 't-009' .did you mean 't-00"),
        (LONG + "ann,t-001,again\n", "rows 2 and 3: candidate 'ann' answers question 't-001' twice"),
        ("candidate,question_id,answer\nann,t-001,a,b\n", "row 2: 4 cells under 3 columns"),
        ("question_id,answer,answer\nt-001,x,y\n", "'answer' appears twice"),
        ('question_id,answer\nt-001,"open\n', "row 2"),
        ("question_id,reference,answer\n,,x\n", "row 2: neither"),
        (b"question_id,answer\nt-001,fine\nt-001,caf\xc3\xa9 \xff\xfe\n", "row 3: not valid UTF-8"),
    ],
)
def test_bad_input_is_told_with_its_row(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        read(tmp_path, content)


def test_two_answers_without_a_candidate_are_two_people(tmp_path):
    _, answers = read(tmp_path, "question_id,answer\nt-001,x\nt-001,y\n")
    assert len(answers) == 2


ROWS = [
    {"candidate": "ann", "question_id": "t-001", "answer": "one\ntwo, \u00fc"},
    {"candidate": "7", "question_id": "t-002", "answer": "=1+1"},
]


def write_csv(path, rows):
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_xlsx(path, rows):
    book = Workbook()
    book.create_sheet("notes")
    book.active.append(list(rows[0]))
    for row in rows:
        book.active.append(list(row.values()))
        for cell in book.active[book.active.max_row]:
            cell.data_type = "s"
    book.save(path)


def write_jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n\n" for row in rows), encoding="utf-8")


def write_parquet(path, rows):
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)


def write_folder(path, rows):
    for row in rows:
        (path / row["candidate"]).mkdir(parents=True)
        (path / row["candidate"] / f"{row['question_id']}.txt").write_text(row["answer"], encoding="utf-8")


@pytest.mark.parametrize("write", [write_csv, write_xlsx, write_jsonl, write_parquet, write_folder])
def test_all_formats_say_the_same(tmp_path, write):
    write(tmp_path / "answers", ROWS)
    file = AnswerFile(tmp_path / "answers", lambda: BANK)
    assert file.check() == 2
    found = {(a.candidate, a.question.id, a.text) for a in file}
    assert found == {tuple(row.values()) for row in ROWS}
    assert [answer.position for answer in file] == [0, 1]
    assert len(file.sha256) == 64


def test_other_sheets_and_files_are_told(tmp_path):
    write_xlsx(tmp_path / "a.xlsx", ROWS)
    assert "not read: 'notes'" in AnswerFile(tmp_path / "a.xlsx", lambda: BANK).told
    write_folder(tmp_path / "folder", ROWS)
    (tmp_path / "folder" / "readme.md").write_text("x", encoding="utf-8")
    assert "1 files that are not" in AnswerFile(tmp_path / "folder", lambda: BANK).told


def test_typed_cells(tmp_path):
    rows = [{"reference": "R", "key_points": ["a", "b"], "alternatives": ["x", "y"], "answer": 4.0, "label": None}]
    write_jsonl(tmp_path / "a", rows)
    ((_, (answer,)),) = [(f, list(f)) for f in [AnswerFile(tmp_path / "a", no_bank)]]
    assert (answer.text, answer.extra["label"]) == ("4", "")
    assert [point.text for point in answer.question.key_points] == ["a", "b"]
    assert answer.question.alternatives == ("x", "y")


WIDE = "Timestamp;candidate;{};{}\n2026-01-01;ann;first;second\n2026-01-02;bob;;fourth\n"


@pytest.mark.parametrize(
    "headers",
    [("t-001", "t-002"), ("What?", "Why is the sky, by day, blue?"), ("1. what? *", " WHY is the sky, by day,  blue?")],
)
def test_the_wide_form(tmp_path, headers):
    file, answers = read(tmp_path, WIDE.format(*headers))
    assert [(a.candidate, a.question.id, a.text, a.row, a.position) for a in answers] == [
        ("ann", "t-001", "first", 2, 0),
        ("ann", "t-002", "second", 2, 1),
        ("bob", "t-001", "", 3, 2),
        ("bob", "t-002", "fourth", 3, 3),
    ]
    assert "not read: 'Timestamp'" in file.told


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("candidate,t-001,Why is the sea blue?\na,x,y\n", "'Why is the sea blue.' is no question.*nearest is t-002"),
        ("candidate,t-001,Shoe size\na,x,y\n", "'Shoe size' is no question.*--map ignore="),
        ("candidate,t-001,What?\na,x,y\n", "two columns ask 't-001'"),
        ("candidate,t-001\na,x\na,y\n", "rows 2 and 3: candidate 'a' answers question 't-001' twice"),
        ("candidate,email\na,b\n", "no column headed by a question"),
        ('{"question_id": "t-001", "answer": "x"}\nnonsense\n', "row 2: not valid JSON"),
        ('{"question_id": "t-001", "answer": "x"}\n[1]\n', "row 2: expected one JSON object"),
        (b"PK\x03\x04 no workbook", "not a readable Excel workbook"),
        (b"PAR1 no parquet", "not a readable Parquet"),
    ],
)
def test_bad_forms_are_told(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        read(tmp_path, content)


def test_columns_are_mapped(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("Who,Q,Response,answer\nann,t-001,hello,no\n", encoding="utf-8")
    mapping = (("candidate", "Who"), ("question_id", "Q"), ("answer", "Response"), ("ignore", "answer"))
    file = AnswerFile(path, lambda: BANK, mapping)
    (answer,) = file
    assert (answer.candidate, answer.question, answer.text) == ("ann", QUESTION, "hello")
    assert file.columns == ("candidate", "question_id", "answer")
    assert file.sha256 != AnswerFile(path, lambda: BANK, mapping[1:]).sha256


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ((("answer", "Answr"),), "no column 'Answr' .did you mean 'answer'.*--map"),
        ((("anser", "answer"),), "--map anser=answer: no column or question is called 'anser' .did you mean 'answer'"),
        ((("candidate", "answer"),), "'candidate' appears twice"),
    ],
)
def test_a_mapping_that_cannot_be_is_told(tmp_path, mapping, message):
    path = tmp_path / "a.csv"
    path.write_text(LONG, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        AnswerFile(path, lambda: BANK, mapping)
