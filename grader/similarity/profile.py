"""The profile: the fitted numbers that turn evidence into credit, scores and intervals.

A profile is a small JSON file. What it was fitted on stands in it.
"""

from bisect import bisect_right
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from grader.bank.model import fingerprint
from grader.errors import ConfigError
from grader.similarity.evidence import Evidence

PACKAGED = Path(__file__).parent / "profiles"


class Profile(BaseModel):
    """Numbers that turn evidence into credit, and say how far to trust the result."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    fitted_on: str = Field(description="the data, splits and date")
    key_point_recall: tuple[float, float] = Field(description="recall of an authored key point that earns 0, and 1")
    reference_recall: tuple[float, float] = Field(
        description="recall of a reference's own statement that earns 0, and 1"
    )
    contrast_contradicted: float = Field(description="contrast at and below which the contrary is what is said")
    contrast_clear: float = Field(description="contrast at and above which the contrary does not matter")
    misconception_recall: float = Field(description="recall from which a misconception counts as stated")
    scale: list[tuple[float, float]] = Field(min_length=2, description="(earned share, score): rising")
    off_topic: float = Field(description="whole-text cosine below which an answer is about something else")
    residual_edges: list[float] = Field(description="scores that part the bands of `residuals`")
    residuals: list[float] = Field(description="90 % quantile of |score - human score| in each band")

    @model_validator(mode="after")
    def _check(self) -> "Profile":
        for name in ("key_point_recall", "reference_recall"):
            if not getattr(self, name)[0] < getattr(self, name)[1]:
                raise ValueError(f"{name} must rise")
        if not self.contrast_contradicted < self.contrast_clear:
            raise ValueError("contrast_contradicted must be less than contrast_clear")
        if sorted(self.scale) != self.scale:
            raise ValueError("scale must rise")
        if len(self.residuals) != len(self.residual_edges) + 1:
            raise ValueError("residuals must have one more entry than residual_edges")
        return self

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all numbers."""
        return fingerprint(self.model_dump())

    def credit(self, evidence: Evidence, *, authored: bool) -> float:
        """Return what a key point earns, from -0.5 (contradicted) to 1 (met).

        `authored` tells a key point that a person wrote from a statement of the reference.
        """
        nothing, full = self.key_point_recall if authored else self.reference_recall
        support = (evidence.recall - nothing) / (full - nothing)
        support = min(max(support, 0.0), 1.0)
        if evidence.contrast is None:
            return support
        clear = (evidence.contrast - self.contrast_contradicted) / (self.contrast_clear - self.contrast_contradicted)
        clear = min(max(clear, 0.0), 1.0)
        return support * (clear - 0.5 * (1 - clear))

    def score(self, earned: float) -> float:
        """Map the earned share of the weights to the human scale, 0..1."""
        shares, scores = zip(*self.scale, strict=True)
        return float(np.clip(np.interp(earned, shares, scores), 0.0, 1.0))

    def interval(self, score: float) -> tuple[float, float]:
        """Return the 90 % interval of a score (split conformal: Lei et al., JASA 2018)."""
        width = self.residuals[bisect_right(self.residual_edges, score)]
        return max(0.0, score - width), min(1.0, score + width)


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
