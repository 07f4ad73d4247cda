import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.text.normalise import normalise
from grader.text.statements import MAX_CHARACTERS, split_statements


def statements(text):
    return [text[start:end] for start, end in split_statements(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        (
            "It must be in us-east-1. Open port 22. Use TLS 1.2. Steps: 1. Do it.",
            ["It must be in us-east-1.", "Open port 22.", "Use TLS 1.2.", "Steps: 1. Do it."],
        ),
        ("Use S3, e.g. for logs. It costs 99.9 cents.", ["Use S3, e.g. for logs.", "It costs 99.9 cents."]),
        ("- first\n* second\n1. third\n2) fourth", ["first", "second", "third", "fourth"]),
        ("Node.js runs; Lambda bills", ["Node.js runs;", "Lambda bills"]),
        ("C)", ["C)"]),
        ("", []),
    ],
)
def test_statements(text, expected):
    assert statements(text) == expected


@given(st.text())
def test_no_visible_character_is_lost_between_statements(text):
    spans = split_statements(text)
    assert spans == sorted(spans)
    assert all(0 < end - start <= MAX_CHARACTERS for start, end in spans)
    for (_, end), (start, _) in pairwise(spans):
        assert end <= start


def test_a_long_statement_is_cut_where_a_clause_ends_and_nothing_is_dropped():
    text = "the instance stops and the volume stays, " * 30
    pieces = statements(text)
    assert len(pieces) > 3
    assert " ".join(pieces).split() == text.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\u00a0 b", "a b"),
        ("it\u2019s \u201cfine\u201d \u2013 ok", 'it\'s "fine" - ok'),
        ("zero\u200bwidth\u00ad", "zerowidth"),
        ("  line\r\n\r\nnext ", "line\nnext"),
        ("\uff33\uff13 \ufb01le", "S3 file"),
        ("cafe\u0301", "caf\u00e9"),
    ],
)
def test_normalise(text, expected):
    assert normalise(text).text == expected


@given(st.text())
def test_normalised_spans_point_into_the_original(text):
    normal = normalise(text)
    assert len(normal.origin) == len(normal.text)
    assert list(normal.origin) == sorted(normal.origin)
    assert all(0 <= index < len(text) for index in normal.origin)


@given(st.text(alphabet=st.characters(codec="ascii")))
def test_normalise_is_stable(text):
    once = normalise(text).text
    assert normalise(once).text == once


def test_a_quote_is_what_was_written():
    normal = normalise("A \u201cstateful\u201d\u00a0 firewall")
    start = normal.text.index('"stateful"')
    assert normal.quote(start, start + 10) == "\u201cstateful\u201d"


PIECES = st.text(st.characters() | st.sampled_from("ab .\n\t\x00\u0301\u200b\u00a0\u201c\u2028\ufb01\u1100\u1161"))


@given(PIECES)
def test_the_quick_way_for_plain_words_gives_what_going_letter_by_letter_gives(text):
    """An invisible character after each plain one keeps every letter from the quick way."""
    slow = normalise("".join(char + "\u00ad" * char.isascii() for char in text))
    quick = normalise(text)
    if not any(unicodedata.combining(char) for char in text):
        assert quick.text == slow.text
    assert len(quick.origin) == len(quick.text)
    assert all(0 <= index < len(text) for index in quick.origin)
