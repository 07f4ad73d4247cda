from dataclasses import replace
from pathlib import Path
from string import printable
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.bank import Bank, KeyPoint, Misconception, Question, Section
from grader.bank.load import load_bank
from grader.errors import InputError
from grader.exchange import FORMATS, read_document, write_document
from grader.exchange.bank_files import write_sections
from grader.exchange.draft import draft_key_points, draft_sections
from grader.settings import data_folder

SOURCE = """\
# Questions for everybody

Words before.

## Table of Contents
1. [Networks](#1-networks)

## 1. Networks

### Basics
1. What is a port?
2. What is a host?

### Trouble
3. Nothing answers. What now?

### Answers for Networks

**1. What is a port?**  
A number that names a service.  

- **Web:** 443 is HTTPS
- Mail: 25 is SMTP

```bash
# 9. this is code, no heading and no question
1. neither is this
```

**2. What is a host?** A machine. It has an address.
**1. This is** not a question.

**3. Nothing answers. What now?**
1. Look at the log
2. Restart

## 2. Files

1. What is a file?
2. Never answered?

**1. What is a file?**

Bytes with a name.
"""  # noqa: W291

GIFT = """\
// made by hand
$CATEGORY: $course$/top/Networks/Basics

// [id:port] [tag:basic] [tag:net]
::Port::What is a port? {####A number.\\n\\n- 443 is HTTPS\\n- 25 is SMTP}

::Host::[html]<p>What is a <b>host</b>&nbsp;?</p> {
  =a machine#right
  =%100%a computer
  =%50%a box
}

The capital is {=Paris ~Rome}.

Is it so? {T}

An essay without a reference {}

Only words.
"""

XML = """\
<?xml version="1.0"?>
<quiz>
 <question type="category"><category><text>$course$/top/ECS//EKS</text></category></question>
 <question type="essay">
  <name><text>Port</text></name>
  <questiontext format="html"><text><![CDATA[<p>What is a port?</p>]]></text></questiontext>
  <graderinfo format="html"><text><![CDATA[<p>A number.</p><ul><li>443 is HTTPS</li></ul><pre>if x:
    y</pre>]]></text></graderinfo>
 </question>
 <question type="shortanswer">
  <name><text>Host</text></name>
  <questiontext format="plain_text"><text>What is a host?</text></questiontext>
  <answer fraction="50"><text>a box</text></answer>
  <answer fraction="100"><text>a machine</text></answer>
  <answer fraction="100"><text>a computer</text></answer>
  <answer fraction="100"><text>*</text></answer>
  <tags><tag><text>advanced</text></tag></tags>
 </question>
 <question type="multichoice"><name><text>x</text></name><questiontext><text>y</text></questiontext></question>
</quiz>
"""

TABLE = 'section,question,reference,key_points\nNets,What is a port?,A number.,"one\n- two"\nNets,Why?,So. And so.,\n'


def read(tmp_path, format, text):
    path = tmp_path / "questions"
    path.write_text(text, encoding="utf-8")
    return read_document(path, format)


def test_markdown_in_the_shape_of_the_source(tmp_path):
    document = read(tmp_path, "md", SOURCE)
    port, host, trouble, file = document.questions
    assert [(q.number, q.section, q.subsection) for q in document.questions] == [
        (1, "Networks", "Basics"),
        (2, "Networks", "Basics"),
        (3, "Networks", "Trouble"),
        (1, "Files", ""),
    ]
    assert port.reference.startswith("A number that names a service.\n\n- **Web:** 443 is HTTPS\n")
    assert port.reference.endswith("1. neither is this\n```")
    assert host.reference == "A machine. It has an address.\n**1. This is** not a question."
    assert trouble.reference == "1. Look at the log\n2. Restart"
    assert file.prompt == "What is a file?"
    assert document.left_out == (f"{tmp_path / 'questions'}:40: question 2 has no answer",)


def test_key_points_are_drafted_from_bullets_or_sentences():
    assert draft_key_points("Intro.\n- **Web:** 443 is `HTTPS`\n```\n- code\n```\n2) Mail") == (
        "Web: 443 is HTTPS",
        "Mail",
    )
    assert draft_key_points("A machine. It has an address.") == ("A machine", "It has an address")


def test_gift(tmp_path):
    port, host = read(tmp_path, "gift", GIFT).questions
    assert (port.id, port.level, port.tags) == ("port", "basic", ("net",))
    assert (port.section, port.subsection) == ("Networks", "Basics")
    assert port.reference == "A number.\n\n- 443 is HTTPS\n- 25 is SMTP"
    assert (host.prompt, host.reference, host.alternatives) == ("What is a host ?", "a machine", ("a computer",))


def test_gift_tells_what_it_leaves_out(tmp_path):
    reasons = [reason.partition(": ")[2] for reason in read(tmp_path, "gift", GIFT).left_out]
    assert reasons == [
        "neither an essay nor a short-answer question",
        "neither an essay nor a short-answer question",
        "an essay without a reference (general feedback, ####)",
        "a description, not a question",
    ]


def test_moodle_xml(tmp_path):
    document = read(tmp_path, "moodle-xml", XML)
    port, host = document.questions
    assert (port.id, port.section, port.prompt) == ("Port", "ECS/EKS", "What is a port?")
    assert port.reference == "A number.\n- 443 is HTTPS\nif x:\n    y"
    assert (host.reference, host.alternatives, host.level) == ("a machine", ("a computer",), "advanced")
    assert document.left_out == (
        f"{tmp_path / 'questions'}:19: its type is 'multichoice', neither essay nor shortanswer",
    )


def test_a_table(tmp_path):
    first, second = read(tmp_path, "csv", TABLE).questions
    assert [point.text for point in first.key_points] == ["one", "two"]
    assert (second.section, second.key_points) == ("Nets", ())


@pytest.mark.parametrize(
    ("format", "text", "message"),
    [
        ("md", "# Nothing\n\nhere", "no questions with answers found"),
        ("csv", "question,refrence\na,b\n", "row 1: no column 'reference' .did you mean 'refrence'"),
        ("csv", "question,reference\na,b\nc,\n,d\n", "row 3: reference is empty.*\n.*row 4: question is empty"),
        ("csv", "question,reference,level\na,b,bacis\n", "row 2: level is 'bacis' .did you mean 'basic'"),
        ("csv", "question,reference,number\na,b,one\n", "row 2: number is 'one'; expected a whole number"),
        ("csv", "question,reference,key_points,weights\na,b,c,11\n", "row 2: weights holds '11'; expected .* up to 10"),
        (
            "csv",
            'question,reference,key_points,weights\na,b,c,"1\n2"\n',
            "row 2: weights has 2 lines; expected one for",
        ),
        ("gift", "\nWhat? {=a\n\nb}\n", ":2: a { without its }"),
        ("moodle-xml", "<quiz>\n<question></quiz>", ":2: not well-formed XML"),
        ("moodle-xml", "<html/>", ":1: the root element is <html>; expected <quiz>"),
        ("moodle-xml", '<!DOCTYPE q [<!ENTITY a "b">]><quiz>&a;</quiz>', "declares document types or entities"),
    ],
)
def test_bad_input_is_told_with_where_it_stands(tmp_path, format, text, message):
    with pytest.raises(InputError, match=message):
        read(tmp_path, format, text)


def test_bytes_that_are_no_text_are_told_with_their_line(tmp_path):
    (tmp_path / "q").write_bytes("caf\u00e9\n\n".encode() + b"\xff\xfe\xfd")
    with pytest.raises(InputError, match=r"q:3: not valid UTF-8"):
        read_document(tmp_path / "q", "md")


def test_a_draft_is_a_bank_and_says_that_it_is_a_draft(run, run_json, tmp_path):
    (tmp_path / "questions.md").write_text(SOURCE, encoding="utf-8")
    result = run_json("bank", "import", "questions.md", "--out", "nets")
    assert (result["questions"], result["sections"], len(result["left_out"])) == (4, 2, 1)
    assert [Path(file).name for file in result["files"]] == ["01-networks.yaml", "02-files.yaml"]
    assert (tmp_path / "nets" / "01-networks.yaml").read_text(encoding="utf-8").startswith("# DRAFT")
    loaded = load_bank(tmp_path / "nets")
    assert [(question.id, question.number) for question in loaded] == [(f"nets-00{i}", i) for i in (1, 2, 3, 4)]
    assert [point.id for point in loaded.question("nets-001").key_points] == ["web-443-is-https", "mail-25-is-smtp"]
    again = run("bank", "import", "questions.md", "--out", "nets")
    assert again.returncode == 2
    assert "a bank is there already" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("bank", "import", "none.md", "--out", "o"), "none.md: cannot be read"),
        (
            ("bank", "import", "questions.doc", "--out", "o"),
            "questions.doc: unknown ending '.doc'; expected one of .md",
        ),
        (("bank", "export", "--format", "csv", "--out", "none/x.csv"), "none/x.csv: cannot be written"),
        (("bank", "lint", "--source", "none.md"), "none.md: cannot be read"),
    ],
)
def test_errors_are_exit_2(run, arguments, message):
    result = run(*arguments)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_export_to_stdout_and_as_json(run, run_json):
    book = run("bank", "export", "--format", "md").stdout
    assert "1. [Basic AWS Concepts](#1-basic-aws-concepts)" in book
    assert "    - [Deployment Failures](#deployment-failures)" in book
    assert run_json("bank", "export", "--format", "md")["text"] == book


def test_moodle_xml_is_what_moodle_reads():
    quiz = ET.fromstring(write_document(load_bank(data_folder("bank") / "aws"), "moodle-xml"))
    essays = quiz.findall("question[@type='essay']")
    assert len(essays) == 320
    assert all(essay.find(f"{name}/text").text for essay in essays for name in ("name", "questiontext", "graderinfo"))


def test_a_table_has_no_formulas():
    question = Question("x-001", "=1+1?", "-2", (KeyPoint("a", "@home"),), section="S", number=1, level="basic")
    assert ",'=1+1?,'-2,,'@home,a," in write_document(Bank("x", (Section("S", (question,)),)), "csv")


WORDS = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="|"), min_size=1)
LINES = st.lists(WORDS | st.sampled_from(printable.split()), min_size=1, max_size=5).map(" ".join)
NASTY = st.sampled_from(
    ["# heading", "**3. bold**", "```", "Key points:", "**Note:**", "- item [2]", "::x::", "\\n{", ""]
)
TEXTS = st.lists(LINES | NASTY, min_size=1, max_size=4).map("\n".join).map(str.strip).filter(bool)
TITLES = st.from_regex(r"[A-Z][a-z]{1,8}( [A-Z/0-9]{1,4}){0,2}", fullmatch=True)
NAMES = st.from_regex(r"[a-z]{1,6}(-[a-z0-9]{1,4})?", fullmatch=True)
POINTS = st.builds(
    KeyPoint,
    NAMES,
    LINES.map(lambda text: f"K{text}"),
    st.sampled_from([0.5, 1.0, 2.0, 10.0]),
    st.lists(LINES.map(lambda text: f"C{text}"), max_size=2).map(tuple),
)
QUESTIONS = st.builds(
    Question,
    id=NAMES,
    prompt=LINES.map(lambda text: f"P{text}"),
    reference=TEXTS.map(lambda text: f"R{text}"),
    key_points=st.lists(POINTS, min_size=1, max_size=3, unique_by=lambda point: point.id).map(tuple),
    misconceptions=st.lists(
        st.builds(Misconception, NAMES.map(lambda name: f"m-{name}"), LINES.map("M".__add__)), max_size=1
    ).map(tuple),
    alternatives=st.lists(TEXTS.map("A".__add__), max_size=2).map(tuple),
    level=st.sampled_from(["basic", "scenario"]),
    tags=st.lists(NAMES, max_size=2, unique=True).map(tuple),
    note=st.just("") | TEXTS.map("N".__add__),
)
BANKS = st.lists(
    st.tuples(TITLES, st.lists(QUESTIONS, min_size=1, max_size=3)),
    min_size=1,
    max_size=2,
    unique_by=lambda pair: pair[0],
)


def bank_of(drawn):
    """Number the questions, and make their ids unique."""
    sections, number = [], 0
    for title, questions in drawn:
        numbered = []
        for question in questions:
            number += 1
            numbered.append(replace(question, id=f"{question.id}-q{number}", number=number, section=title))
        sections.append(Section(title, tuple(numbered)))
    return Bank("made", tuple(sections))


def without_point_ids(question):
    points = tuple(replace(point, id="") for point in question.key_points)
    return replace(
        question, key_points=points, misconceptions=tuple(replace(m, id="") for m in question.misconceptions)
    )


@pytest.mark.parametrize("format", FORMATS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(drawn=BANKS)
def test_what_is_written_is_read_back(tmp_path, format, drawn):
    bank = bank_of(drawn)
    (tmp_path / "x").write_text(write_document(bank, format), encoding="utf-8")
    document = read_document(tmp_path / "x", format)
    assert not document.left_out
    sections = draft_sections(document, "made")
    assert [section.title for section in sections] == [section.title for section in bank.sections]
    kept = (lambda question: question) if format == "csv" else without_point_ids
    assert [kept(question) for section in sections for question in section.questions] == [kept(q) for q in bank]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(drawn=BANKS)
def test_bank_files_hold_everything(tmp_path_factory, drawn):
    bank = bank_of(drawn)
    folder = tmp_path_factory.mktemp("made")
    write_sections(bank.sections, folder, "a\ncomment")
    assert list(load_bank(folder)) == list(bank)


@pytest.mark.parametrize("format", ["md", "gift", "moodle-xml"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(
    text=st.lists(
        TEXTS | st.sampled_from(["**1. Q?**", "1. Q?", "Q {", "}", "=a", "~b", "$CATEGORY: a//b/c", "<quiz>"])
    ).map("\n".join)
)
def test_any_text_is_read_or_refused_with_a_message(tmp_path, format, text):
    path = tmp_path / "x"
    path.write_text(text, encoding="utf-8")
    try:
        told = str(read_document(path, format).questions[0].source)
    except InputError as exc:
        told = str(exc)
    assert str(path) in told


@pytest.mark.parametrize("format", FORMATS)
def test_the_export_of_the_aws_bank_round_trips(tmp_path, format):
    bank = load_bank(data_folder("bank") / "aws")
    (tmp_path / "x").write_text(write_document(bank, format), encoding="utf-8")
    sections = draft_sections(read_document(tmp_path / "x", format), "aws")
    drafted = [without_point_ids(question) for section in sections for question in section.questions]
    assert drafted == [without_point_ids(question) for question in bank]
