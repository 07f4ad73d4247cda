"""Take a test in a real terminal (tmux) and show it: `python tools/transcript.py PAGE...` writes it into pages.

The code block after `<!-- transcript NAME -->`, in each PAGE, is written anew: `first` is a first evening, `short` the
heart of it, `again` the end of another one, `history` what `grader history` shows then.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COLUMNS, ROWS = 80, 60
SECONDS = 60
"""How long to wait for a text to appear."""
SECTION = "iam"
WRONG = (
    "IAM authenticates identities and authorizes what they may do, and it is global.",
    "A new user may do nothing until a policy allows it.",
    "A role gives you long-term access keys.",
)
BETTER = (
    "IAM controls who can sign in and what each identity may do.",
    "It is global, users and roles are not made per Region.",
    "Permissions are JSON policies attached to users, groups or roles.",
    "Use roles and temporary credentials rather than long-lived access keys.",
    "Keep the root user for the few tasks that demand it, with MFA.",
)
GROUPS = ("A user is a person or a program with long-term credentials.", "A group is a set of users.")


class Terminal:
    """A terminal of 80 columns, with what was ever shown in it."""

    def __init__(self, folder: Path) -> None:
        """Open it. What is kept goes to the folder."""
        self._tmux = ["tmux", "-L", f"grader-{os.getpid()}", "-f", os.devnull]
        environment = {"GRADER_DATA_DIR": str(folder), "PS1": "$ ", "PATH": f"{folder}:{os.environ['PATH']}"}
        starter = folder / "grader"
        starter.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m grader "$@"\n', encoding="utf-8")
        starter.chmod(0o755)
        given = [f"{name}={value}" for name, value in environment.items()]
        shell = shlex.join(["env", "-u", "ENV", *given, "sh"])
        self._do("new-session", "-d", "-s", "t", "-x", str(COLUMNS), "-y", str(ROWS), shell)
        self.wait(r"^\$ ?$")

    def type(self, *lines: str) -> None:
        """Type lines, each with Enter."""
        for line in lines:
            self._do("send-keys", "-t", "t", "-l", line)
            self._do("send-keys", "-t", "t", "Enter")
            time.sleep(0.3)

    def press(self, key: str) -> None:
        """Press a key."""
        self._do("send-keys", "-t", "t", key)

    def shown(self) -> str:
        """Return all that was shown, without the empty rest of the screen."""
        return self._do("capture-pane", "-p", "-t", "t", "-S", "-").rstrip("\n")

    def wait(self, pattern: str) -> str:
        """Return what was shown once its last lines match."""
        until = time.monotonic() + SECONDS
        while not re.search(pattern, "\n".join(self.shown().splitlines()[-4:]), re.MULTILINE):
            if time.monotonic() > until:
                sys.exit(f"no {pattern!r} within {SECONDS} s; the terminal shows:\n{self.shown()}")
            time.sleep(0.1)
        return self.shown()

    def clear(self) -> None:
        """Forget what was shown."""
        self.type("clear")
        self._do("clear-history", "-t", "t")

    def close(self) -> None:
        """End it."""
        self._do("kill-server")

    def _do(self, *arguments: str) -> str:
        done = subprocess.run([*self._tmux, *arguments], capture_output=True, text=True, check=True)
        return done.stdout


def first_evening(terminal: Terminal) -> str:
    """Take two questions of a section, the first of them twice."""
    terminal.type("grader take")
    terminal.wait(r"Which section")
    terminal.type(SECTION)
    terminal.wait(r"^> ?$")
    terminal.type(*WRONG, "")
    terminal.wait(r"^\? *$")
    terminal.press("t")
    terminal.wait(r"^> ?$")
    terminal.type(*BETTER, "")
    terminal.wait(r"^\? *$")
    terminal.press("Enter")
    terminal.wait(r"^> ?$")
    terminal.type(*GROUPS, "")
    terminal.wait(r"^\? *$")
    terminal.press("e")
    return terminal.wait(r"^\$ ?$")


def another_evening(terminal: Terminal) -> str:
    """Take the first question again; return the result alone."""
    terminal.clear()
    terminal.type(f"grader take --section {SECTION} -n 1 --order bank")
    terminal.wait(r"^> ?$")
    terminal.type(*BETTER, "")
    terminal.wait(r"^\? *$")
    terminal.press("Enter")
    shown = terminal.wait(r"^\$ ?$")
    return shown[shown.index("── Result") :]


def history(terminal: Terminal) -> str:
    """Show the history."""
    terminal.clear()
    terminal.type("grader history")
    return terminal.wait(r"^\$ ?$")


def heart(first: str) -> str:
    """Return the first evening from its first question to its first feedback."""
    begin = first.index("── Question 1")
    return first[begin : first.index("[Enter]", begin)].rstrip()


def put(page: str, name: str, text: str) -> str:
    """Return the page with the text in the block of this name."""
    text = re.sub(r"\n\$ *$", "", text)
    block = f"<!-- transcript {name} -->\n```text\n{text}\n```"
    return re.sub(rf"<!-- transcript {name} -->\n```text\n.*?\n```", lambda _: block, page, flags=re.DOTALL)


def main(pages: list[Path]) -> None:
    """Write the transcripts into pages."""
    with tempfile.TemporaryDirectory() as folder:
        terminal = Terminal(Path(folder))
        try:
            first = first_evening(terminal)
            blocks = {"first": first, "short": heart(first)}
            blocks |= {"again": another_evening(terminal), "history": history(terminal)}
        finally:
            terminal.close()
    for path in pages:
        page = path.read_text(encoding="utf-8")
        for name, text in blocks.items():
            page = put(page, name, text)
        path.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
