"""Fill in the parts of a page that commands write, between `<!-- begin NAME -->` and `<!-- end NAME -->`."""

import re
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"


def fill(page: str, name: str, text: str) -> None:
    """Put `text` into the part `name` of a page of docs/. Raises ValueError where the page has no such part."""
    path = DOCS / page
    told, count = re.subn(
        rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)",
        lambda part: f"{part[1]}{text.strip()}\n{part[2]}",
        path.read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    if count != 1:
        raise ValueError(f"{path}: no part {name}")
    path.write_text(told, encoding="utf-8")
