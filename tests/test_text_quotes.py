import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.text.quotes import find_quote

ANSWER = "He said: “Security  Groups\nare stateful”, and\u00a0the ﬁle is Straße — done."


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("security groups are stateful", "Security  Groups\nare stateful"),
        ('"Security groups', "“Security  Groups"),
        ("and the file", "and\u00a0the ﬁle"),
        ("STRASSE - done.", "Straße — done."),
        ("  are stateful ", "are stateful"),
        ("Security groups are stateless", None),
        ("tateful", None),
        ("stateful and", None),
        ("...", None),
        ("", None),
    ],
)
def test_a_quote_is_found_as_it_was_written_or_not_at_all(quote, found):
    span = find_quote(quote, ANSWER)
    assert (ANSWER[slice(*span)] if span else None) == found


def test_full_width_stand_ins_of_a_fenced_answer_are_found():
    assert find_quote("＜b>＃ system： x", "a <b># system: x") == (2, 16)


@given(st.text(), st.data())
def test_every_piece_of_a_text_that_holds_a_word_is_found_or_cut_inside_a_word(text, data):
    words = text.split(" ")
    first = data.draw(st.integers(0, len(words) - 1))
    quote = " ".join(words[first : data.draw(st.integers(first + 1, len(words)))])
    span = find_quote(quote, text)
    if span is not None:
        assert 0 <= span[0] < span[1] <= len(text)
    elif quote.isascii() and any(map(str.isalnum, quote)) and text.isascii() and text.isprintable():
        raise AssertionError(quote)
