"""Find a quote in a text, whatever became of its quotation marks, letter case and white space."""

from grader.text.normalise import normalise


def find_quote(quote: str, text: str) -> tuple[int, int] | None:
    """Return the span of `text`, as it was written, that says `quote`; None if it is not there.

    Compared after NFKC, with plain quotation marks and dashes, without invisible characters, case-folded, every
    run of white space being one space. A quote does not begin or end inside a word of ASCII letters or digits,
    and one without any letter or digit is found nowhere.
    """
    wanted, _ = _folded(quote)
    if not any(char.isalnum() for char in wanted):
        return None
    shown, origin = _folded(text)
    start = shown.find(wanted)
    while start >= 0:
        end = start + len(wanted)
        if not (_inside_word(shown, start) or _inside_word(shown, end)):
            return origin[start][0], origin[end - 1][1]
        start = shown.find(wanted, start + 1)
    return None


def _folded(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Return the folded text and, for each of its characters, the span of the original that it came from."""
    plain = normalise(text)
    characters: list[str] = []
    origin: list[tuple[int, int]] = []
    for index, char in enumerate(plain.text):
        folded = " " if char == "\n" else char.casefold()
        characters.append(folded)
        origin.extend([plain.span(index, index + 1)] * len(folded))
    return "".join(characters), origin


def _inside_word(text: str, cut: int) -> bool:
    around = text[max(cut - 1, 0) : cut + 1]
    return 0 < cut < len(text) and around.isascii() and around.isalnum()
