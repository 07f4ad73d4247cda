"""Find a quote in a text, whatever became of its quotation marks, letter case and white space."""

from collections.abc import Sequence

from grader.text.normalise import normalise


class Searched:
    """A text made ready for quotes to be looked up in it."""

    def __init__(self, text: str) -> None:
        """Take the text as it was written."""
        self._plain = normalise(text)
        self._folded, self._index = _fold(self._plain.text)

    def find(self, quote: str) -> tuple[int, int] | None:
        """Return the span of the text, as it was written, that says `quote`; None if it is not there.

        Compared after NFKC, with plain quotation marks and dashes, without invisible characters, case-folded, every
        run of white space being one space. A quote does not begin or end inside a word of ASCII letters or digits,
        and one without any letter or digit is found nowhere.
        """
        wanted, _ = _fold(normalise(quote).text)
        if not any(map(str.isalnum, wanted)):
            return None
        start = self._folded.find(wanted)
        while start >= 0:
            end = start + len(wanted)
            if not (_inside_word(self._folded, start) or _inside_word(self._folded, end)):
                return self._plain.span(self._index[start], self._index[end - 1] + 1)
            start = self._folded.find(wanted, start + 1)
        return None


def find_quote(quote: str, text: str) -> tuple[int, int] | None:
    """Return where `text` says `quote`; see `Searched.find`."""
    return Searched(text).find(quote)


def _fold(text: str) -> tuple[str, Sequence[int]]:
    """Return the normalised text folded and, for each of its characters, the index of the one it came from."""
    folded = text.replace("\n", " ").casefold()
    if len(folded) == len(text):  # no character became two
        return folded, range(len(text))
    return folded, [index for index, char in enumerate(text) for _ in char.casefold()]


def _inside_word(text: str, cut: int) -> bool:
    around = text[max(cut - 1, 0) : cut + 1]
    return 0 < cut < len(text) and around.isascii() and around.isalnum()
