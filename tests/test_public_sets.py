import csv
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from grader.answers import AnswerFile
from grader.errors import InputError
from grader.evaluation.evalset import read_eval_set
from grader.evaluation.public_sets import READERS, read_mohler, read_saf, read_semeval, write_eval_set

FIXTURES = Path(__file__).parent / "fixtures"


def values(rows, *names):
    return [tuple(row.get(name, "") for name in names) for row in rows]


def test_mohler_folder():
    rows = list(read_mohler(FIXTURES / "mohler"))
    assert values(rows, "question_id", "rater1", "rater2") == [
        ("1.1", "1", "0.8"),
        ("1.1", "0.2", "0.4"),
        ("12.1", "1", "0.9"),  # the exams' raters used a scale of 10
        ("12.1", "0.2", "0"),
    ]
    assert rows[0]["answer"] == "It keeps copies of what was read."
    assert rows[2]["reference"] == "A first-in, first-out list."


def test_mohler_table():
    rows = list(read_mohler(FIXTURES / "mohler.csv"))
    assert values(rows, "reference", "answer", "rater1", "rater2") == [
        ("It keeps copies of data.", "It keeps copies", "1", "0.8"),
        ("It keeps copies of data.", "No idea", "0", "0.2"),
    ]


def test_semeval():
    rows = sorted(read_semeval(FIXTURES / "semeval"), key=lambda row: row["answer"])
    assert values(rows, "answer", "label", "human_score", "split") == [
        ("because the circuit is open", "correct", "1", "train"),
        ("something is open", "partially_correct_incomplete", "0.5", "test-UA"),
        ("the circuit is closed & full", "contradictory", "0", "train"),
    ]
    assert values(rows[:1], "reference", "alternatives") == [("The circuit is open", "there is a gap in the circuit")]


def test_the_split_of_a_single_file_is_told_by_its_folder():
    (row,) = read_semeval(FIXTURES / "semeval" / "5way" / "test-unseen-answers")
    assert row["split"] == "test-UA"


def test_saf():
    rows = sorted(read_saf(FIXTURES / "saf"), key=lambda row: row["answer"])
    assert values(rows, "answer", "label", "human_score", "split") == [
        ("It forwards frames.", "Partially correct", "0.5", "train"),
        ("It repeats everything.", "Correct", "1", "test-UQ"),
        ("No response.", "Incorrect", "0", "train"),
    ]
    assert (rows[0]["question_id"], rows[0]["reference"]) == ("1.1_NET", "It forwards frames by their address.")


def test_saf_as_parquet(tmp_path):
    table = {"question": ["Why?"], "reference_answer": ["So."], "provided_answer": ["so"], "score": [0.25]}
    pq.write_table(pa.table(table), tmp_path / "train-00000.parquet")
    assert values(read_saf(tmp_path), "answer", "human_score", "split") == [("so", "0.25", "train")]


@pytest.mark.parametrize("name", READERS)
def test_what_is_imported_is_an_eval_set(tmp_path, name):
    out = tmp_path / "set.csv"
    count = write_eval_set(READERS[name](FIXTURES / name), out)
    file = AnswerFile(out, None)
    assert file.check() == count
    assert len(read_eval_set(file, None)) == count
    with out.open(encoding="utf-8") as stream:
        assert "alternatives" in next(csv.reader(stream)) or name != "semeval"


def broken(tmp_path, name, file, old, new):
    folder = tmp_path / name
    shutil.copytree(FIXTURES / name, folder)
    (folder / file).write_text((folder / file).read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "file", "old", "new", "message"),
    [
        ("mohler", "data/scores/1.1/me", "5\n", "", "2 answers, but 1, 2 and 2 scores"),
        ("mohler", "data/scores/1.1/me", "5\n", "five\n", "'five' is no number"),
        ("semeval", "5way/train/lamp.xml", "contradictory", "odd", "answer 'a2': accuracy is 'odd'"),
        ("semeval", "5way/train/lamp.xml", "</question>", "", "cannot be read as XML"),
        ("semeval", "5way/train/lamp.xml", 'id="a1"', 'id="a3"', "answer 'a3' is in .* too"),
        ("saf", "training/1.1_NET.xml", "0.5", "half", "score: 'half' is no number"),
        ("saf", "unseen_questions/more.json", "provided_answer", "said", "no column provided_answer or answer"),
        ("saf", "unseen_questions/more.json", "[", "{", "not valid JSON"),
    ],
)
def test_broken_sets_are_told(tmp_path, name, file, old, new, message):
    with pytest.raises(InputError, match=message):
        list(READERS[name](broken(tmp_path, name, file, old, new)))


def test_an_empty_folder_is_told(tmp_path):
    with pytest.raises(InputError, match="no XML files"):
        list(read_semeval(tmp_path))
    with pytest.raises(InputError, match="no answers"):
        write_eval_set(read_saf(tmp_path), tmp_path / "out.csv")
    with pytest.raises(InputError, match="questions: cannot be read"):
        list(read_mohler(tmp_path))
