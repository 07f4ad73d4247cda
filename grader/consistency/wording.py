"""Rules that rewrite a text without changing what it says. Each returns None where it finds nothing to change."""

import random
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping

from grader.consistency.words import Pair, Words
from grader.text.normalise import normalise
from grader.text.statements import split_statements

Rule = Callable[[str, random.Random, Words], str | None]

TYPO_SHARE = 0.02
"""Typos by characters of the text."""
_TYPO_WORD = re.compile(r"(?<![\w./:\-])[A-Za-z]?[a-z]{4,}(?![\w/:\-])")
_POINTS_BACK = re.compile(
    r"(?:it|they|this|that|these|those|then|so|but|however|also|otherwise|next|finally|and|or|both|such|which|its"
    r"|their|there|again|thus|therefore|hence|here|instead|second|third|each|one|another|the other|while|whereas"
    r"|because|still|after that|in that|for this)\b",
    re.IGNORECASE,
)
_LIST_ITEM = re.compile(r"^\s*(?:[-*\u2022]|\d{1,2}[.)])\s+", re.MULTILINE)
_NEIGHBOURS = dict(zip("qwertyuiopasdfghjklzxcvbnm", "wertyuiopqsdfghjklaxcvbnmz", strict=True))
_ARTICLES = re.compile(r"\b(?:a|an|the)\s+", re.IGNORECASE)
_ENDS = ".!?;:"


def statements(text: str) -> list[str]:
    """Return the statements of a text, without bullets."""
    normal = normalise(text).text
    return [normal[start:end] for start, end in split_statements(normal)]


def join(parts: Iterable[str]) -> str:
    """Return statements as prose."""
    return " ".join(part if part[-1] in _ENDS else f"{part}." for part in parts)


def swap(text: str, pairs: Iterable[Pair], *, both_ways: bool = False) -> str | None:
    """Return the text with whole words and phrases exchanged, in their case; None if there are none of them."""
    table: dict[str, str] = {}
    for one, other in pairs:
        table.setdefault(one.lower(), other)
        if both_ways:
            table.setdefault(other.lower(), one)
    phrases = "|".join(re.escape(phrase) for phrase in sorted(table, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w./:\-])(?:{phrases})(?![\w/\-]|[.:]\w)", re.IGNORECASE)
    changed = pattern.sub(lambda match: _in_case(table[match.group().lower()], match.group()), text)
    return changed if changed != text else None


def _in_case(new: str, old: str) -> str:
    return new[0].upper() + new[1:] if old[0].isupper() and new[0].islower() else new


def lower_case(text: str, _rng: random.Random, _words: Words) -> str | None:
    """Return it in small letters."""
    return _changed(text, text.lower())


def upper_case(text: str, _rng: random.Random, _words: Words) -> str | None:
    """Return it in capitals."""
    return _changed(text, text.upper())


def white_space(text: str, rng: random.Random, _words: Words) -> str | None:
    """Return it with blanks doubled, turned into tabs or no-break spaces, and put around it."""
    spaced = re.sub(" ", lambda _: rng.choice([" ", "  ", "\t", "\N{NO-BREAK SPACE}", " "]), text)
    return f"\n  {spaced} \r\n\n"


def unicode_forms(text: str, _rng: random.Random, _words: Words) -> str | None:
    """Return it with typographic quotes, dashes and ligatures, accents as characters of their own."""
    table = str.maketrans(
        {
            "'": "\N{RIGHT SINGLE QUOTATION MARK}",
            '"': "\N{RIGHT DOUBLE QUOTATION MARK}",
            "-": "\N{NON-BREAKING HYPHEN}",
        }
    )
    typeset = text.translate(table).replace("fi", "\N{LATIN SMALL LIGATURE FI}")
    return _changed(text, unicodedata.normalize("NFD", typeset))


def full_width(text: str, _rng: random.Random, _words: Words) -> str | None:
    """Return it with letters and digits as an East Asian keyboard gives them."""
    return _changed(text, "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in text))


def typos(text: str, rng: random.Random, _words: Words) -> str | None:
    """Return it with slips of the finger, one in fifty characters: in plain words, never in names, numbers or code."""
    found = list(_TYPO_WORD.finditer(text))
    if not found:
        return None
    chosen = rng.sample(found, min(len(found), max(1, round(TYPO_SHARE * len(text)))))
    for match in sorted(chosen, key=lambda m: -m.start()):
        text = text[: match.start()] + _slip(match.group(), rng) + text[match.end() :]
    return text


def _slip(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word) - 1)
    before, letter, after = word[:at], word[at], word[at + 1 :]
    slips = {
        "swapped": before + after[0] + letter + after[1:],
        "left out": before + after,
        "doubled": before + letter * 2 + after,
        "next key": before + _NEIGHBOURS[letter] + after,
    }
    return rng.choice([slip for slip in slips.values() if slip != word])


def reordered(text: str, rng: random.Random, _words: Words) -> str | None:
    """Return its statements in another order, where none of them points back to the one before."""
    parts = statements(text)
    if len(set(parts)) < 3 or any(_POINTS_BACK.match(part) for part in parts[1:]):
        return None
    order = parts[:]
    while order == parts:
        rng.shuffle(order)
    return join(order)


def bullets(text: str, _rng: random.Random, _words: Words) -> str | None:
    """Return prose as a list, a list as prose."""
    parts = statements(text)
    if len(parts) < 2:
        return None
    return join(parts) if _LIST_ITEM.search(text) else "\n".join(f"- {part}" for part in parts)


def spelling(text: str, _rng: random.Random, words: Words) -> str | None:
    """Return it with American for British spelling and the other way round."""
    stems = "|".join(words.ize_stems)
    ize = re.compile(rf"\b({stems})(it)?i([zs])(?=(?:e|es|ed|er|ers|ing|ation|ations)\b)", re.IGNORECASE)
    turned = ize.sub(lambda m: f"{m[1]}{m[2] or ''}i{'s' if m[3] == 'z' else 'z'}", text)
    return _changed(text, swap(turned, words.spellings, both_ways=True) or turned)


def names(text: str, _rng: random.Random, words: Words) -> str | None:
    """Return it with services and ideas called by their other name."""
    plurals = [(f"{short}s", f"{long}s") for short, long in words.names]
    return swap(text, (*words.names, *plurals), both_ways=True)


def preface(text: str, rng: random.Random, words: Words) -> str | None:
    """Return it with a harmless sentence in front."""
    return f"{rng.choice(words.prefaces)} {text}"


INVARIANT: Mapping[str, Rule] = {
    "lower_case": lower_case,
    "upper_case": upper_case,
    "white_space": white_space,
    "unicode_forms": unicode_forms,
    "full_width": full_width,
    "typos": typos,
    "reordered": reordered,
    "bullets": bullets,
    "spelling": spelling,
    "names": names,
    "preface": preface,
}


def ornate(text: str, rng: random.Random, words: Words) -> str | None:
    """Return the same in many fine words."""
    parts = [swap(part, words.ornate) or part for part in statements(text)]
    opened = [
        f"{rng.choice(words.ornate_openings)} {part[0].lower() if part[1:2].islower() else part[0]}{part[1:]}"
        if index % 2 == 0
        else part
        for index, part in enumerate(parts)
    ]
    return join(opened) if opened else None


def non_native(text: str, _rng: random.Random, words: Words) -> str | None:
    """Return the same without articles and with the verbs as learners have them."""
    without = _ARTICLES.sub("", text)
    return _changed(text, swap(without, words.non_native) or without)


def terse(text: str, _rng: random.Random, words: Words) -> str | None:
    """Return the same in telegraph style."""
    dropped = re.compile(rf"\b(?:{'|'.join(words.terse_dropped)})\s+", re.IGNORECASE)
    short = [dropped.sub("", swap(part, words.terse) or part).rstrip(".") for part in statements(text)]
    return _changed(text, "\n".join(part for part in short if part))


STYLES: Mapping[str, Rule] = {"ornate": ornate, "non_native": non_native, "terse": terse}
"""Beside the answer as it was written, which is called plain."""


def _changed(old: str, new: str) -> str | None:
    return new if new != old else None
