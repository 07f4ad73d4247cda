import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.answers.copies import find_copies

TEXT = "a security group is stateful so replies to allowed traffic return by themselves without any further rule at all"
OTHER = "network lists are stateless, which means that every reply needs a rule of its own in the other direction too"


def pairs(texts, question=""):
    return [(copy.first, copy.second) for copy in find_copies(texts, question)]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([TEXT, OTHER], []),
        ([TEXT, OTHER, TEXT], [(0, 2)]),
        ([TEXT, TEXT, TEXT], [(0, 1), (0, 2)]),
        ([TEXT, TEXT.upper().replace(" ", "  ").replace("stateful", "\u201cstateful\u201d")], [(0, 1)]),
        ([TEXT, "In short: " + TEXT.replace("any further", "another") + " " + OTHER], [(0, 1)]),
        ([TEXT, " ".join(reversed(TEXT.split()))], []),
        (["yes it is stateful", "yes it is stateful"], []),
        ([], []),
        (["", "!!"], []),
    ],
)
def test_which_texts_are_near_identical(texts, expected):
    assert pairs(texts) == expected


def test_the_words_of_the_question_do_not_count():
    assert pairs([TEXT, TEXT], question=TEXT) == []


def test_the_spans_are_what_is_shared():
    longer = f"Well, {TEXT}; that is all."
    (copy,) = find_copies([longer, TEXT + " I think"])
    assert [longer[slice(*span)] for span in copy.spans] == [TEXT]
    assert copy.second_spans == ((0, len(TEXT)),)
    assert copy.share == 16 / 18


@given(st.lists(st.text(alphabet="ab \u00e9\u0130.", max_size=200), max_size=6))
def test_any_text_can_be_compared(texts):
    for copy in find_copies(texts):
        assert copy.first < copy.second
        assert all(texts[copy.first][slice(*span)] for span in copy.spans)
