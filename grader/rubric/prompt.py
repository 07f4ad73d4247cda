"""The rubric prompt: a Jinja2 template and its system part, versioned by name and by content."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import Template, Undefined
from jinja2.exceptions import TemplateError, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import missing

from grader.bank import Question
from grader.bank.model import KeyPoint, fingerprint
from grader.errors import ConfigError, nearest
from grader.rubric.chat import Message
from grader.rubric.fence import Fenced
from grader.text.normalise import normalise
from grader.text.statements import split_statements

USER, SYSTEM, REPAIR = ".md.j2", ".system.md.j2", "repair.md.j2"
DEFAULT_HALF_WIDTH = 0.25
"""Of a prompt that nobody has compared with people."""
_ENVIRONMENT = SandboxedEnvironment()


@dataclass(frozen=True)
class Rubric:
    """The text of a prompt template."""

    name: str
    system: str
    user: str
    repair: str
    """What is said to a model whose reply cannot be used."""
    half_width: float
    """Of the 90 % interval around a score that rests on this prompt."""

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the name and of everything that was loaded."""
        return fingerprint(asdict(self))

    def messages(self, question: Question, key_points: Sequence[KeyPoint], answer: Fenced) -> tuple[Message, ...]:
        """Return the rendered prompt.

        What never changes comes first and the answer last, so that providers' prefix caches serve the rest.

        Raises:
            ConfigError: the template is broken or uses variables that are not there; all of them are named.

        """
        values = {"question": question, "key_points": key_points, "answer": answer.text, "fence": answer.name}
        system, user = self._render((self.system, self.user), values)
        if answer.text not in user or user.count(f"<{answer.name}>") != 1:
            raise ConfigError(
                f"prompt {self.name}: must show {{{{ answer }}}} once, between tags named {{{{ fence }}}}"
            )
        return Message("system", system), Message("user", user)

    def repair_message(self, fault: str) -> Message:
        """Return what is said to a model whose reply had this fault. Raises ConfigError as `messages`."""
        return Message("user", *self._render((self.repair,), {"fault": fault}))

    def _render(self, texts: tuple[str, ...], values: dict[str, Any]) -> list[str]:
        lacking: list[str] = []
        environment = _ENVIRONMENT.overlay(undefined=_recording(lacking))
        try:
            templates = [Template.from_code(environment, _compiled(text), {}) for text in texts]
            rendered = [template.render(values).strip() for template in templates]
        except TemplateError as exc:
            line = f", line {exc.lineno}" if isinstance(exc, TemplateSyntaxError) else ""
            raise ConfigError(f"prompt {self.name}{line}: {exc}") from exc
        if lacking:
            names = ", ".join(dict.fromkeys(lacking))
            raise ConfigError(f"prompt {self.name}: unknown variables: {names}; there are {', '.join(values)}")
        return rendered


def load_rubric(name: str, folder: Path) -> Rubric:
    """Return the template `NAME.md.j2`, from the prompts folder or by path.

    `NAME.system.md.j2` stands beside it, and `NAME.json` with the half-width of its intervals may. `repair.md.j2`
    comes from the prompts folder.

    Raises:
        ConfigError: a file is not there or cannot be read, and the message names those prompts that are there; or
            `repair.md.j2` is broken.

    """
    path = Path(name) if name.endswith(USER) else folder / (name + USER)
    if not path.is_file():
        there = [p.relative_to(folder).as_posix().removesuffix(USER) for p in folder.glob(f"*/**/*{USER}")]
        known = [known for known in there if not known.endswith(".system")]
        raise ConfigError(f"{path}: no prompt {nearest(name, known)}; {folder} holds {', '.join(known) or 'none'}")
    stem = path.name.removesuffix(USER)
    numbers = path.with_name(f"{stem}.json")
    rubric = Rubric(
        name=name,
        system=_read(path.with_name(stem + SYSTEM)),
        user=_read(path),
        repair=_read(folder / REPAIR),
        half_width=_half_width(numbers) if numbers.is_file() else DEFAULT_HALF_WIDTH,
    )
    rubric.repair_message("")  # a fault in it must not wait for the first bad reply
    return rubric


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{path}: cannot be read: {getattr(exc, 'strerror', None) or exc}") from exc


def _half_width(path: Path) -> float:
    try:
        value = float(json.loads(_read(path))["half_width"])
    except (ValueError, KeyError, TypeError) as exc:
        raise ConfigError(f'{path}: expected {{"half_width": a number from 0 to 1, …}}') from exc
    if not 0 <= value <= 1:
        raise ConfigError(f"{path}: half_width must lie between 0 and 1, not {value}")
    return value


@cache
def _compiled(text: str) -> CodeType:
    """Return a template's code: the same one renders thousands of prompts."""
    return _ENVIRONMENT.compile(text)


def criteria(question: Question) -> tuple[KeyPoint, ...]:
    """Return the key points of a question: its own, or else the statements of its reference, all of one weight."""
    if question.key_points:
        return question.key_points
    reference = normalise(question.reference)
    spans = split_statements(reference.text)
    quotes = [reference.quote(*span) for span in spans if any(map(str.isalnum, reference.text[slice(*span)]))]
    return tuple(KeyPoint(f"s{index}", quote) for index, quote in enumerate(quotes, 1))


def shuffled(key_points: Sequence[KeyPoint], question_id: str, seed: int, sample: int) -> list[KeyPoint]:
    """Return the key points in the order that one sample sees.

    Drawn from seed, question and sample, but not from the answer: all answers to a question share their prefix.
    """
    return random.Random(f"{seed}:{sample}:{question_id}").sample(key_points, len(key_points))


def _recording(lacking: list[str]) -> type[Undefined]:
    """Return an Undefined that notes what was used without being there, and lets the rendering go on."""

    class Recording(Undefined):
        def _note(self, *_: object) -> str:
            owner = "" if self._undefined_obj is missing else f"{type(self._undefined_obj).__name__.lower()}."
            lacking.append(f"{owner}{self._undefined_name}")
            return ""

        __str__ = __getitem__ = __call__ = __add__ = __radd__ = _note  # type: ignore[assignment]

        def __iter__(self) -> Iterator[Any]:
            return iter(self._note())

        def __bool__(self) -> bool:
            return bool(self._note())

        def __getattr__(self, name: str) -> str:
            if name.startswith("__"):
                raise AttributeError(name)
            return self._note()

    return Recording
