"""What was typed, as the answer that is handed in."""

import re

_HARD_BREAK = re.compile(r"(?<![.!?:;])[ \t]*\n[ \t]*(?=[a-z(])")


def unwrapped(text: str) -> str:
    """Return the text without the line breaks that only keep lines short, and without broken characters.

    A line break ends a statement for the grader. One that comes after no mark of punctuation and before a small letter
    was typed because the line was full. Bytes that were no UTF-8 come as lone surrogates, which no file can hold.
    """
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return _HARD_BREAK.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
