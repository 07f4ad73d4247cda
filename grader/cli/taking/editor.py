"""Writing an answer in the learner's own editor."""

import click

from grader.errors import InputError

CUT = "=== Everything below this line is left out ==="


def edit(draft: str, prompt: str) -> str:
    """Return what was written in $VISUAL or $EDITOR, starting from a draft, with the question below it.

    Raises:
        InputError: there is no editor, or it failed.

    """
    try:
        text = click.edit(f"{draft}\n\n{CUT}\n\n{prompt}\n", extension=".md", require_save=False)
    except click.ClickException as exc:
        raise InputError(f"the editor failed: {exc.message}; set EDITOR to one that works") from exc
    return (text or "").split(CUT)[0].strip()
