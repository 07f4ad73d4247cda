"""The profile: the fitted numbers that turn features into credit, scores and intervals.

A profile is a small JSON file. What it was fitted on, when, and what it reached on held-out answers stand in it.
"""

from bisect import bisect_right
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from grader.bank.model import fingerprint
from grader.errors import ConfigError
from grader.similarity.embedder import Floats
from grader.similarity.features import KEY_POINT_FEATURES, READ, REFERENCE_FEATURES, ramp

PACKAGED = Path(__file__).parent / "profiles"
LEAST_CREDIT, MOST_CREDIT = -0.5, 1.0


def _rising(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    if sorted(points) != points or any(one[1] > other[1] for one, other in pairwise(points)):
        raise ValueError("must rise in both columns")
    return points


_KNOWN = {
    "key_points": KEY_POINT_FEATURES,
    "references": REFERENCE_FEATURES,
    "reading": REFERENCE_FEATURES,
}
Scale = Annotated[list[tuple[float, float]], Field(min_length=2), AfterValidator(_rising)]
"""(value, score) points, rising; linear between, level beyond the ends."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Doubt(_Part):
    """90 % quantiles of held-out residuals (split conformal: Lei et al., JASA 2018), in bands of the score."""

    edges: list[float] = Field(description="scores that part the bands")
    below: list[float] = Field(description="in each band: how far the human score may lie below the score")
    above: list[float] = Field(description="in each band: how far it may lie above")

    @model_validator(mode="after")
    def _check(self) -> "Doubt":
        if not len(self.below) == len(self.above) == len(self.edges) + 1:
            raise ValueError("below and above must have one more entry than edges")
        return self

    def interval(self, score: float) -> tuple[float, float]:
        """Return the 90 % interval of a score."""
        band = bisect_right(self.edges, score)
        return max(0.0, score - self.below[band]), min(1.0, score + self.above[band])


class Route(_Part):
    """A linear model over features, the scale from its value to the score, and how far to trust that."""

    weights: dict[str, float] = Field(description="what one unit of each feature adds; a feature left out adds nothing")
    intercept: float = 0.0
    scale: Scale
    doubt: Doubt

    def vector(self, names: tuple[str, ...]) -> Floats:
        """Return the weights as an array in the order of `names`."""
        return np.array([self.weights.get(name, 0.0) for name in names], np.float32)

    def value(self, names: tuple[str, ...], features: Floats) -> float:
        """Return the value of one answer's (f,) features."""
        return float(features @ self.vector(names)) + self.intercept

    def credits(self, features: Floats) -> Floats:
        """Return (k,) what each key point earns, -0.5 (contradicted) to 1 (met), from its (k, f) features."""
        values = features @ self.vector(KEY_POINT_FEATURES) + self.intercept
        earned: Floats = np.clip(values, LEAST_CREDIT, MOST_CREDIT)
        return earned

    def shares(self, names: tuple[str, ...], features: Floats) -> Floats:
        """Return (..., f) what each of (..., f) features adds to the value."""
        shares: Floats = features * self.vector(names)
        return shares

    def score(self, value: float) -> float:
        """Map a value to the human scale, 0..1."""
        values, scores = zip(*self.scale, strict=True)
        return float(np.clip(np.interp(value, values, scores), 0.0, 1.0))


class Profile(_Part):
    """Numbers that turn evidence into credit and scores, and say how far to trust the result."""

    name: str
    fitted_on: str = Field(description="the data and the splits")
    date: str = Field(description="when, YYYY-MM-DD")
    held_out: dict[str, dict[str, float]] = Field(description="figures on answers that nothing was fitted on, by set")
    key_points: Route = Field(description="for questions with authored key points: the credit of each")
    references: Route = Field(description="for questions with nothing but long references: the score of an answer")
    reading: Route = Field(description="the same for short references, which a pair reader reads as a whole")
    statement_recall: tuple[float, float] = Field(description="recall of a reference's statement that earns 0, and 1")
    misconception_recall: float = Field(description="recall from which a misconception counts as stated")
    off_topic: float = Field(description="whole-text cosine below which an answer is about something else")

    def route(self, *, read: bool) -> Route:
        """Return the route of an answer to a question without key points, by whether a pair reader has read it."""
        return self.reading if read else self.references

    def statement_credit(self, recall: Floats) -> Floats:
        """Return what statements of a reference earn, 0..1, from how much of each is said; for the verdicts shown."""
        return ramp(recall, self.statement_recall)

    @model_validator(mode="after")
    def _check(self) -> "Profile":
        if not self.statement_recall[0] < self.statement_recall[1]:
            raise ValueError("statement_recall must rise")
        for field, known in _KNOWN.items():
            if unknown := set(getattr(self, field).weights) - set(known):
                raise ValueError(f"{field}.weights: unknown features {sorted(unknown)}; known are {', '.join(known)}")
        return self

    def reads(self, *, key_points: bool) -> bool:
        """Whether what a pair reader says counts: of key points, or of references."""
        routes = (self.key_points,) if key_points else (self.reading, self.references)
        return any(route.weights.get(name) for route in routes for name in READ)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all numbers that shape a grade."""
        return fingerprint(self.model_dump(exclude={"name", "fitted_on", "date", "held_out"}))


def load_profile(name: str) -> Profile:
    """Return the packaged profile of that name, or the one in the file.

    Raises:
        ConfigError: the file cannot be read or breaks the format: file, field, what was expected.

    """
    packaged = PACKAGED / f"{name}.json"
    path = packaged if packaged.is_file() else Path(name)
    try:
        return Profile.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ConfigError(f"profile {path}: cannot be read: {exc.strerror or exc}") from exc
    except ValidationError as exc:
        faults = [f"{path}: {'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in exc.errors()]
        raise ConfigError("\n".join(faults)) from exc
