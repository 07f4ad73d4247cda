"""One form for texts that look the same: Unicode compatibility, quotes, dashes, white space.

Every character of the result knows where it came from, so that a span found in the normalised text can be
shown in the text as it was written.
"""

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

# Typographic variants that NFKC leaves alone and that carry no meaning for a grader.
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    }
)
# Control and format characters (zero-width spaces, direction marks, soft hyphens, tags) are invisible: a
# reader does not see them, so a grader does not either.
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs"})
# Plain words with single spaces between them are normal as they stand; a mark that follows may change the last letter.
_NORMAL = re.compile(r"[!-~]+(?: [!-~]+)*(?![^\x00-\x7f])")


@dataclass(frozen=True, slots=True)
class Normalised:
    """A normalised text and, for each of its characters, the index it had in the original."""

    text: str
    origin: tuple[int, ...]
    original: str

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original text that `text[start:end]` came from."""
        if start >= end:
            return (0, 0)
        return self.origin[start], self.origin[end - 1] + 1

    def quote(self, start: int, end: int) -> str:
        """Return the words of the original text that `text[start:end]` came from."""
        first, last = self.span(start, end)
        return self.original[first:last]


def normalise(text: str) -> Normalised:
    """Return `text` in NFKC with plain quotes and dashes, single spaces, and nothing invisible.

    Line breaks stay (they separate statements); a run of blank characters becomes one space, or one line
    break if it holds one. The ends are trimmed.
    """
    characters: list[str] = []
    origin: list[int] = []
    position = 0
    for normal in _NORMAL.finditer(text):
        start, end = normal.span()
        _normalise_part(text, position, start, characters, origin)
        characters.extend(text[start:end])
        origin.extend(range(start, end))
        position = end
    _normalise_part(text, position, len(text), characters, origin)
    if characters and characters[-1] in " \n":
        characters.pop()
        origin.pop()
    return Normalised("".join(characters), tuple(origin), text)


def _normalise_part(text: str, start: int, stop: int, characters: list[str], origin: list[int]) -> None:
    """Add `text[start:stop]` to the characters, and to the origin where each of them came from."""
    for begin, end in _composed_runs(text, start, stop):
        for shown in unicodedata.normalize("NFKC", text[begin:end]).translate(_PLAIN):
            char = shown
            if char.isspace():
                plain = "\n" if char in "\n\r\v\f\u2028\u2029" else " "
                if not characters:
                    continue
                if characters[-1] in " \n":
                    if plain == "\n":
                        characters[-1] = "\n"
                    continue
                char = plain
            elif unicodedata.category(char) in _INVISIBLE:
                continue
            characters.append(char)
            origin.append(begin)


def _composed_runs(text: str, start: int, stop: int) -> list[tuple[int, int]]:
    """Cut `text[start:stop]` into runs that NFKC can treat one by one: a character with the marks that follow it."""
    starts = [i for i in range(start, stop) if i == start or not unicodedata.combining(text[i])]
    return list(pairwise([*starts, stop]))
