import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.text.polarity import denies_outright, mismatch, polarity
from grader.text.words import content_stems, function_word_share, stem, words


def test_words_keep_numbers_and_contractions_whole():
    assert words("It doesn't cost $1.50, e.g. T3") == ["it", "doesn't", "cost", "1.50", "e.g", "t3"]


def test_stems_of_one_word_are_one():
    assert len({stem(word) for word in ("connect", "connected", "connection", "connecting")}) == 1
    assert content_stems(words("The switches are connected")) == ["switch", "connect"]


def test_a_list_of_keywords_has_no_function_words():
    assert function_word_share(words("bucket policy encryption versioning")) == 0
    assert function_word_share(words("it is what you put on the bucket")) > 0.5


def test_a_negation_denies_what_follows_in_its_clause():
    told = polarity("The switch is not open, the bulb is lit")
    assert stem("open") in told.denied
    assert stem("lit") in told.affirmed


def test_negation_opposite_and_number_are_told_apart():
    reference = polarity("The switch is open for 15 minutes")
    assert mismatch(reference, polarity("The switch is not open for 15 minutes")).negation > 0
    assert mismatch(reference, polarity("The switch is closed for 15 minutes")).opposite > 0
    assert mismatch(reference, polarity("The switch is open for 30 minutes")).number == 1
    same = mismatch(reference, reference)
    assert (same.negation, same.opposite, same.number) == (0, 0, 0)


def test_another_unit_is_no_wrong_number():
    assert mismatch(polarity("It holds 5 GB"), polarity("It took 20 minutes")).number == 0


@pytest.mark.parametrize(
    ("other", "denies"),
    [
        ("terminal 1 is not connected to the negative battery terminal", True),
        ("It is not true that terminal 1 is connected to the negative battery terminal.", True),
        ("Terminal 1 isn't connected to the negative terminal of the battery", True),
        ("Terminal 1 is connected to the negative terminal of the battery", False),
        ("Terminal 1 is not connected to the positive battery terminal", False),
        ("Nothing else matters, terminal 1 is connected to the negative battery terminal", False),
        ("The bulb is not lit", False),
        ("", False),
    ],
)
def test_a_statement_is_denied_outright_in_its_own_words(other, denies):
    told, said = polarity("Terminal 1 is connected to the negative battery terminal"), polarity(other)
    assert denies_outright(told, said) is denies
    assert denies_outright(said, told) is denies


@given(st.text(max_size=80), st.text(max_size=80))
def test_mismatches_are_shares(one, other):
    told = mismatch(polarity(one), polarity(other))
    assert all(0 <= value <= 1 for value in (told.negation, told.opposite, told.number))
