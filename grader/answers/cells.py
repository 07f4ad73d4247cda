"""Values of typed formats as the text of a cell."""

import json
from datetime import date, datetime, time
from typing import Any


def cell_text(value: Any, separator: str = "\n") -> str:  # noqa: PLR0911  # a table of cases
    """Return a value as text: nothing for no data, whole numbers without a point, lists joined by `separator`."""
    match value:
        case None:
            return ""
        case str():
            # Half of a surrogate pair, which JSON can spell and no encoding can hold, becomes a question mark.
            return value.encode("utf-8", "replace").decode("utf-8")
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
        case bytes():
            return value.decode("utf-8", errors="replace")
        case date() | datetime() | time():
            return value.isoformat()
        case list():
            return separator.join(cell_text(item) for item in value)
        case dict():
            return json.dumps(value, ensure_ascii=False, default=str)
        case _:
            return str(value)


def typed_row(values: dict[str, Any]) -> dict[str, str]:
    """Return a row of a typed format as text; a list of alternatives is joined as in a text file."""
    return {
        name: cell_text(value, " || " if name == "alternatives" else "\n") for name, value in values.items() if name
    }
