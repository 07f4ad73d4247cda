import pytest

from grader.bank.load import load_bank
from grader.evaluation.lint import grade_own_texts, lint_form, lint_scores
from grader.evaluation.source import compare_with_source
from grader.grade.model import Grade, Verdict
from grader.settings import data_folder

FIRST = "Magnets attract iron objects across short distances"
SECOND = "Copper wires conduct electricity between distant batteries"
THIRD = "Rubber gloves insulate careful workers against shocks"
FILLING = "Teachers usually demonstrate everything during lessons using cheap household items, " * 5
GOOD = f"""\
section: Physics
questions:
  - id: p-001
    number: 1
    subsection: Matter
    prompt: Name what different materials do.
    reference: >-
      {FIRST}. {SECOND}. {THIRD}. {FILLING}
    level: basic
    tags: [matter]
    key_points:
      - id: iron
        text: {FIRST}
        contrary:
          - Magnets repel iron objects across short distances
      - id: copper
        text: {SECOND}
        contrary:
          - Copper wires block electricity between distant batteries
      - id: rubber
        text: {THIRD}
        contrary:
          - Rubber gloves expose careful workers against shocks
    misconceptions:
      - id: wood
        text: Wooden spoons attract magnets
    note: Nothing has changed lately.
"""


def bank(folder, text=GOOD, name="01-physics.yaml"):
    (folder / name).write_text(text, encoding="utf-8")
    (folder / "tags.txt").write_text("# themes\nmatter\n", encoding="utf-8")
    return load_bank(folder)


def findings_of(loaded, grader):
    return lint_form(loaded) + lint_scores(loaded, grade_own_texts(loaded, grader))


def test_a_good_bank_has_no_findings(tmp_path, word_grader):
    assert findings_of(bank(tmp_path), word_grader) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        (FILLING, "", 7, "reference: words: 21, expected 60-140"),
        (FILLING, FILLING * 3, 7, "reference: words: 171, expected 60-140"),
        (
            f"      {FIRST}. {SECOND}.",
            f"      {FILLING}",
            7,
            "expected 0.9 (iron missing, copper missing)",
        ),
        ("Name what different materials do.", "Name all.", 6, "prompt: words: 2, expected 5-60"),
        (f"text: {SECOND}", f"text: {FIRST} too", 17, "key_points.2.text: copper overlaps iron"),
        (f"text: {SECOND}", "text: Copper conducts", 17, "key_points.2.text: words: 2, expected 4-30"),
        (
            "Magnets repel iron",
            "Magnets attract iron",
            15,
            "key_points.1.contrary.1: the contrary scores as its key point",
        ),
        (
            "        contrary:\n          - Magnets repel",
            "        contrary: []\n    #",
            14,
            "key_points.1.contrary: contraries: 0",
        ),
        ("[matter]", "[matter, mater]", 10, "tags.2: unknown tag 'mater' (did you mean 'matter'?)"),
        ("Wooden spoons attract magnets", "Wood attracts", 26, "misconceptions.1.text: words: 2"),
        ("Nothing has changed lately.", "New.", 27, "note: words: 1"),
    ],
)
def test_findings_name_file_line_and_field(tmp_path, word_grader, old, new, line, message):
    findings = list(map(str, findings_of(bank(tmp_path, GOOD.replace(old, new, 1)), word_grader)))
    expected = f"{tmp_path}/01-physics.yaml:{line}: p-001: "
    assert any(finding.startswith(expected) and message in finding for finding in findings), findings


class GenerousGrader:
    """Finds half of the marks, and every key point, in any text."""

    fingerprint = "generous"
    pass_mark = 0.6

    def grade(self, answers):
        for answer in answers:
            met = tuple(Verdict(p.id, p.text, 1, "met", 1, 1, "", None) for p in answer.question.key_points)
            yield answer, Grade("", answer.question.id, "", 0.5, 0, 1, "weak", "fake", 1, met, (), False, "")


def test_the_grader_has_the_say(tmp_path):
    findings = {(f.field, f.message.partition(";")[0]) for f in findings_of(bank(tmp_path), GenerousGrader())}
    contraries = {
        (f"key_points.{i}.contrary.1", f"the contrary scores as its key point {point}")
        for i, point in enumerate(("iron", "copper", "rubber"), 1)
    }
    overlaps = {
        (f"key_points.{i}.text", f"{two} overlaps {one}: an answer that says one of them meets both")
        for i, two, one in ((2, "copper", "iron"), (3, "rubber", "iron"), (3, "rubber", "copper"))
    }
    assert findings == contraries | overlaps | {
        ("prompt", "the prompt alone scores 0.50"),
        ("reference", "scores 0.50"),
    }


def test_too_few_key_points(tmp_path, word_grader):
    text = GOOD[: GOOD.index("      - id: rubber")] + GOOD[GOOD.index("    misconceptions") :]
    assert any(
        "key_points: key points: 2, expected 3-7" in str(f) for f in findings_of(bank(tmp_path, text), word_grader)
    )


def test_a_missing_section_is_told(tmp_path, word_grader):
    bank(tmp_path)
    later = GOOD.replace("p-001", "p-002").replace("number: 1", "number: 2")
    (finding,) = findings_of(bank(tmp_path, later, "03-more.yaml"), word_grader)
    assert str(finding) == f"{tmp_path}/03-more.yaml:1: section: section 2 is missing: no file 02-….yaml"


@pytest.mark.parametrize(
    ("text", "line", "field"),
    [
        ("name WHAT different materials, do", None, ""),
        (f"x {FIRST} {SECOND}", 7, "reference"),
        ("Rubber gloves expose careful workers against shocks: (never)", None, ""),
        ("Rubber gloves insulate careful workers, against shocks! Teachers", 7, "reference"),
    ],
)
def test_eight_words_in_a_row_are_copied(tmp_path, text, line, field):
    findings = compare_with_source(bank(tmp_path), text, "source.txt")
    assert [(finding.line, finding.field) for finding in findings] == ([(line, field)] if line else [])


@pytest.mark.parametrize("place", range(9))
def test_every_text_is_looked_at(tmp_path, place):
    copied = "one two three four five six seven eight nine"
    loaded = bank(tmp_path)
    location, text = list(loaded.question("p-001").texts())[place]
    loaded = bank(tmp_path, GOOD.replace(text, f"{text} {copied}"))
    fields = [finding.field for finding in compare_with_source(loaded, copied.upper(), "source.txt")]
    assert ".".join(str(step + 1) if isinstance(step, int) else step for step in location) in fields


def test_questions_that_are_missing_or_elsewhere(tmp_path):
    source = (
        "## 1. Physics\n### Energy\n**1. Heat?**\nYes.\n\n**2. Cold?**\nNo.\n\n## 2. Chemistry\n**3. Acid?**\nSour.\n"
    )
    findings = [str(finding) for finding in compare_with_source(bank(tmp_path), source, "doc.md")]
    assert findings == [
        "doc.md:3: subsection: question 1 stands under 'Physics / Energy' here and under 'Physics / Matter' there",
        "doc.md:6: number: the bank has no question 2",
        "doc.md:10: section: the bank has no section 'Chemistry'",
    ]


def test_the_command_is_exit_1_with_a_finding(run, tmp_path):
    bank(tmp_path, GOOD.replace("matter]", "mater]"))
    result = run("bank", "lint", "--bank", ".", "--quick", "--json")
    assert result.returncode == 1
    assert '"line": 10' in result.stdout
    assert "Traceback" not in result.stderr


def test_the_aws_bank_has_no_faults_of_form():
    assert lint_form(load_bank(data_folder("bank") / "aws")) == []
