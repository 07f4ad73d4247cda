"""Write docs/commands.md from the help of the commands; `--check`: say whether it is as it should be."""

import sys
from collections.abc import Iterator
from typing import Any

import typer
from pages import DOCS

from grader.cli.main import app

PAGE = DOCS / "commands.md"
HEAD = """# All commands

Written by `make commands` from what `--help` prints; `make check` holds it to that.

Settings come from, in this order: a flag, the environment (`GRADER_SEED`, `GRADER_PROFILE`, …; `OPENAI_API_KEY`,
`OPENAI_BASE_URL`), `grader.toml` or `[tool.grader]` in `pyproject.toml`, the default.

| exit status | meaning |
|---|---|
| 0 | done |
| 1 | a gate was not met (`eval … --min-*`, `bank lint`) |
| 2 | usage, configuration or input error |
| 3 | done, but some answers are ungraded |
| 4 | stopped by the budget; the same command goes on |
| 130 | interrupted; the same command goes on |
"""
WIDTH = 100


def main() -> int:
    """Write or check the page."""
    text = HEAD + "".join(_pages(typer.main.get_command(app), "grader", None))
    if "--check" in sys.argv[1:]:
        if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text:
            return 0
        print("docs/commands.md is not what --help prints: run `make commands`", file=sys.stderr)
        return 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


def _pages(command: Any, name: str, parent: Any) -> Iterator[str]:
    last = name.rsplit(maxsplit=1)[-1]
    context = command.make_context(last, [], parent, resilient_parsing=True, terminal_width=WIDTH)
    told = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    yield f"\n## `{name}`\n\n```text\n{told.strip()}\n```\n"
    for sub, child in getattr(command, "commands", {}).items():
        if not child.hidden:
            yield from _pages(child, f"{name} {sub}", context)


if __name__ == "__main__":
    sys.exit(main())
