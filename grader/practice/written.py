"""What was typed, as the answer that is handed in."""

import re

_HARD_BREAK = re.compile(r"(?<![.!?:;])[ \t]*\n[ \t]*(?=[a-z(])")


def unwrapped(text: str) -> str:
    """Return the text without the line breaks that only keep lines short.

    A line break ends a statement for the grader. One that comes after no mark of punctuation and before a small letter
    was typed because the line was full.
    """
    return _HARD_BREAK.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
