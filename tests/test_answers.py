import pytest

from grader.answers import AnswerFile
from grader.bank import Bank, KeyPoint, Question, Section
from grader.errors import InputError

QUESTION = Question("t-001", "What?", "That.", (KeyPoint("one", "That."),))
BANK = Bank("test", (Section("Testing", (QUESTION,)),))
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
        LONG.replace("yes", "caf\u00e9").encode("cp1252"),
        LONG.replace("yes", "caf\u00e9").replace(",", ";").encode(),
        LONG.replace("yes", "caf\u00e9").replace(",", "\t").encode(),
        LONG.replace("yes", "caf\u00e9").replace("\n", "\r\n").encode(),
    ],
    ids=["bom", "utf-16", "cp1252", "semicolons", "tabs", "crlf"],
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
        ("question_id,answer\nt-002,x\n", "row 2: .*no question 't-002' .did you mean 't-001'"),
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
