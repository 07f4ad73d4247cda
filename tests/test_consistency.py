import json
import random
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.answers import Answer
from grader.bank import KeyPoint, Question
from grader.consistency.gaming import attempts
from grader.consistency.run import check_consistency, outcome_json, rate
from grader.consistency.variants import TESTS, choose_bases, make_variants
from grader.consistency.wording import INVARIANT, STYLES, statements, swap
from grader.consistency.words import load_words
from grader.consistency.worsening import best_supported, negate, worsened
from grader.errors import InputError
from grader.evaluation.evalset import Rated
from grader.report.consistency import consistency_lines
from grader.settings import data_folder
from tests.fakes import FixedGrader

WORDS = load_words(data_folder("eval") / "consistency.yaml")
GROUPS = Question(
    "t-001",
    "What do security groups do with replies?",
    "Security groups are stateful firewalls. Replies to allowed traffic return automatically. Rules can only allow.",
    (
        KeyPoint("stateful", "Security groups are stateful firewalls", 2, ("Security groups are stateless filters",)),
        KeyPoint("replies", "Replies to allowed traffic return automatically"),
    ),
    section="VPC",
)
QUEUES = Question(
    "t-002", "What is SQS?", "A managed queue keeps messages until a consumer deletes them.", section="SQS"
)
TEXT = "Security groups keep state. The center of the behavior: EC2 answers come back. Nobody has to open S3 for that."


def rewrite(kind, text, seed=1):
    return {**INVARIANT, **STYLES}[kind](text, random.Random(seed), WORDS)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("lower_case", TEXT.lower()),
        ("upper_case", TEXT.upper()),
        ("bullets", "- " + "\n- ".join(statements(TEXT))),
        ("spelling", TEXT.replace("center", "centre").replace("behavior", "behaviour")),
        (
            "names",
            (
                "SGs keep state. The center of the behavior: Elastic Compute Cloud answers come back. "
                "Nobody has to open Simple Storage Service for that."
            ),
        ),
        (
            "non_native",
            "Security groups keep state. center of behavior: EC2 answers come back. Nobody have to open S3 for that.",
        ),
    ],
)
def test_rewritings(kind, expected):
    assert rewrite(kind, TEXT) == expected


def test_a_list_becomes_prose_and_long_names_short_ones():
    assert rewrite("bullets", "- One thing\n- Another thing") == "One thing. Another thing."
    assert rewrite("names", "an Elastic Compute Cloud host") == "an EC2 host"
    assert rewrite("spelling", "centralised catalogue, optimise") == "centralized catalog, optimize"


@pytest.mark.parametrize("text", ["aws s3 cp s3://bucket/key", "a.ec2.internal", "arn:aws:s3:::bucket"])
def test_names_in_code_stay(text):
    changed = swap(text, [("s3", "Simple Storage Service"), ("ec2", "Elastic Compute Cloud")])
    assert changed is None or "://bucket" in changed


def test_statements_that_point_back_are_not_reordered():
    assert rewrite("reordered", "One is big. It is old. Two is small.") is None
    moved = rewrite("reordered", TEXT)
    assert sorted(statements(moved)) == sorted(statements(TEXT))
    assert moved != TEXT


def test_typos_are_one_in_fifty_and_spare_names_and_code():
    text = "The instance reads from s3://bucket and DynamoDB with boto3.client before midnight. " * 5
    typed = rewrite("typos", text)
    assert typed != text
    assert typed.count("s3://bucket") == typed.count("DynamoDB") == typed.count("boto3.client") == 5
    changed = sum(a != b for a, b in zip(text.split(), typed.split(), strict=True))
    assert changed == round(0.02 * len(text))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200), st.sampled_from([*INVARIANT, *STYLES]))
def test_no_text_breaks_a_rule_and_every_rule_is_seeded(text, kind):
    assert rewrite(kind, text) == rewrite(kind, text)


@given(st.text(alphabet=st.characters(codec="ascii", min_codepoint=32), min_size=1, max_size=80))
def test_unicode_forms_are_undone_by_compatibility_normalisation(text):
    for kind in ("full_width", "unicode_forms"):
        changed = rewrite(kind, text) or text
        plain = unicodedata.normalize("NFKC", changed).translate(str.maketrans("\u2019\u201d\u2010\u2011", "'\"--"))
        assert plain == text


@pytest.mark.parametrize(
    ("statement", "opposite"),
    [
        ("Rules are stateful.", "Rules are stateless."),
        ("Replies do not need a rule.", "Replies do need a rule."),
        ("They cannot deny.", "They can deny."),
        ("A role has to be assumed.", "A role does not have to be assumed."),
        ("Users can sign in.", "Users cannot sign in."),
        ("Inbound and outbound rules exist.", "It is not true that inbound and outbound rules exist."),
        ("IAM controls access.", "It is not true that IAM controls access."),
        ("Zones never fail.", "Zones fail."),
    ],
)
def test_negation(statement, opposite):
    assert negate(statement, WORDS) == opposite


def test_the_best_supported_statement_shares_most_words_with_a_key_point():
    support = best_supported("Hello there. Allowed traffic may return automatically. Firewalls!", GROUPS)
    assert (support.index, support.key_point) == (1, "Replies to allowed traffic return automatically")
    assert best_supported("Bananas grow in warm countries.", GROUPS) is None


def test_worsened_texts():
    made = worsened(GROUPS.reference, GROUPS, WORDS)
    assert set(made) == {"dropped", "negated", "contradicted", "contrary"}
    assert made["dropped"] == "Replies to allowed traffic return automatically. Rules can only allow."
    assert made["contrary"].startswith("Security groups are stateless filters. Replies")
    assert made["negated"].startswith("Security groups are stateless firewalls. Replies")
    assert made["contradicted"] == GROUPS.reference + " Security groups are stateless filters."
    assert set(worsened(QUEUES.reference, QUEUES, WORDS)) == {"negated", "contradicted"}


def test_there_are_twenty_kinds_of_injection_and_more():
    made = attempts(GROUPS, WORDS)
    assert sum(kind.startswith("injection_") for kind in made) == 20
    assert made["keywords"] == "security, groups, stateful, firewalls, replies, allowed, traffic, return, automatically"
    assert [v["id"] for v in json.loads(made["json_verdict"])["verdicts"]] == ["stateful", "replies"]
    assert made["question_echo"] == GROUPS.prompt


def rated(question, text, *ratings):
    return Rated(Answer(question, text), ratings)


ROWS = [
    rated(GROUPS, "Security groups are stateful firewalls, replies to allowed traffic return automatically.", 1.0),
    rated(GROUPS, "They filter packets in some way or other.", 0.2),
    rated(GROUPS, "no idea", 0.0),
    rated(QUEUES, "A queue keeps the messages until some consumer deletes them.", 0.9),
]


def bases(**keywords):
    return choose_bases(ROWS, **{"questions": None, "answers": 3, "seed": 0, **keywords})


def check(grader, tests=TESTS, again=(), **keywords):
    chosen = bases(**keywords)
    return check_consistency(chosen, make_variants(chosen, tests, WORDS, seed=0), grader, again, seed=0)


def test_bases_are_chosen_by_the_seed_and_limited():
    first, second = bases()
    assert [row.answer.text for row in first.rows] == [ROWS[0].answer.text, ROWS[1].answer.text]
    assert (first.weakest.text, first.other, second.other) == (ROWS[1].answer.text, QUEUES, GROUPS)
    assert [answer.text for answer in first.right] == [GROUPS.reference, ROWS[0].answer.text]
    assert [len(base.rows) for base in bases(questions=1, answers=1)] == [1]
    assert bases(questions=1, answers=1) == bases(questions=1, answers=1)


def test_variants_do_not_depend_on_which_tests_were_asked_for():
    some = make_variants(bases(), ["invariant"], WORDS, seed=0)
    assert some == [v for v in make_variants(bases(), TESTS, WORDS, seed=0) if v.test == "invariant"]
    assert some != make_variants(bases(), ["invariant"], WORDS, seed=1)


@pytest.mark.parametrize(
    ("score", "rates"),
    [
        (0.0, {"invariant": 1, "lower": None, "no_gain": 1, "ceiling": 0, "floor": 1, "fairness": 1, "repeat": 1}),
        (1.0, {"invariant": 1, "lower": 0, "ceiling": 1, "floor": 0, "fairness": 1, "repeat": 1}),
    ],
)
def test_a_grader_that_always_says_the_same(score, rates):
    grader = FixedGrader(lambda _text: score)
    tests = check(grader, again=[grader]).figures["tests"]
    assert {name: tests[name]["rate"] for name in rates} == rates


def test_a_grader_that_counts_words_fails_what_it_should():
    figures = check(FixedGrader(lambda text: min(1.0, len(text.split()) / 40))).figures
    kinds = figures["tests"]["no_gain"]["kinds"]
    assert kinds["padding"]["rate"] == 0
    assert kinds["padding"]["mean_change"] > 0.5
    assert kinds["hidden_tags"]["rate"] == 1
    assert figures["tests"]["lower"]["kinds"]["contradicted"]["rate"] == 0
    assert figures["tests"]["lower"]["kinds"]["dropped"]["rate"] == 1
    assert figures["tests"]["fairness"]["styles"]["terse"]["value"] < 0
    assert figures["tests"]["fairness"]["length"]["n"] == 3
    assert figures["failures"][0]["text"]


def test_repeats_that_differ_are_told():
    scores = iter(range(1000))
    figures = check(
        FixedGrader(lambda _text: 0.5), ["repeat"], [FixedGrader(lambda _text: 0.5 + 0.1 * (next(scores) % 2))]
    ).figures
    repeat = figures["tests"]["repeat"]
    assert (repeat["times"], repeat["n"]) == (2, 5)
    assert 0 < repeat["rate"] < 1
    assert repeat["sd_most"] == pytest.approx(0.0707, abs=1e-4)
    assert repeat["alpha"] < 0.5


def test_what_is_ungraded_counts_neither_way():
    figures = check(FixedGrader(lambda text: None if text.isupper() else 0.5), ["invariant"]).figures
    assert figures["ungraded"] == 5
    assert figures["tests"]["invariant"]["kinds"]["upper_case"] == {
        "n": 0,
        "skipped": 5,
        "rate": None,
        "low": None,
        "high": None,
        "mean_change": None,
    }


def test_each_text_is_graded_once():
    seen = []
    check(FixedGrader(lambda text: seen.append(text) or 0.5))
    texts = [answer for base in bases() for answer in base.answers]
    texts += [variant.answer for variant in make_variants(bases(), TESTS, WORDS, seed=0)]
    assert len(seen) == len({(answer.question.id, answer.text) for answer in texts})


def test_the_real_pipeline_keeps_the_simplest_relations(word_grader):
    figures = check(word_grader, ["ceiling", "floor", "invariant"]).figures
    assert figures["tests"]["ceiling"]["rate"] == 1
    assert figures["tests"]["floor"]["kinds"]["empty"]["rate"] == 1
    assert figures["tests"]["invariant"]["kinds"]["upper_case"]["rate"] == 1


def test_the_interval_of_a_rate():
    assert rate([1.0] * 20, [f"q{i}" for i in range(20)], 0) == {"rate": 1, "low": 0.8389, "high": 1}  # Wilson
    mixed = rate([1, 0, 1, 1] * 5, [f"q{i}" for i in range(20)], 0)
    assert mixed["low"] < 0.75 < mixed["high"]
    assert rate([], [], 0)["rate"] is None


def test_lines_and_dump():
    grader = FixedGrader(lambda text: min(1.0, len(text.split()) / 40))
    checked = check(grader, again=[grader])
    text = "\n".join(consistency_lines(checked.figures))
    assert "injection_base64" in text
    assert "residual with number of words" in text
    json.dumps([outcome_json(outcome) for outcome in checked.outcomes])


@pytest.mark.parametrize("text", ["names: 3", "- a", "nonsense: [1]"])
def test_bad_word_lists_are_told(tmp_path, text):
    path = tmp_path / "w.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"w\.yaml"):
        load_words(path)
