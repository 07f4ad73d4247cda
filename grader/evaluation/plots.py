"""Pictures of an evaluation, each as PNG and as SVG."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import InputError
from grader.evaluation.agreement import BINS
from grader.evaluation.run import Evaluation, Pair

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = ("png", "svg")
_BIN_NAMES = [f"{i / (BINS - 1):g}" for i in range(BINS)]
_BLUE, _RED = "#1f5f99", "#b3372f"


def write_plots(evaluation: Evaluation, folder: Path) -> list[Path]:
    """Write confusion.png/.svg and scatter.png/.svg to the folder; return the paths. Raises InputError."""
    import matplotlib as mpl

    mpl.rcParams["svg.hashsalt"] = "grader"  # the same figures give the same file
    from matplotlib.figure import Figure

    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, draw in (
            ("confusion", lambda axes: _confusion(axes, evaluation.figures["confusion"])),
            ("scatter", lambda axes: _scatter(axes, evaluation.pairs, evaluation.figures["pass_mark"])),
        ):
            figure = Figure(figsize=(5.2, 5), layout="constrained")
            draw(figure.add_subplot())  # type: ignore[no-untyped-call]
            for suffix in FORMATS:
                path = folder / f"{name}.{suffix}"
                figure.savefig(path, dpi=150, metadata={"Date": None} if suffix == "svg" else None)
                written.append(path)
    except OSError as exc:
        raise InputError(f"{folder}: plots cannot be written: {exc.strerror or exc}") from exc
    return written


def _confusion(axes: "Axes", table: Sequence[Sequence[int]]) -> None:
    top = max(1, *(count for row in table for count in row))
    axes.imshow(table, cmap="Blues", vmin=0, vmax=top)
    for human, row in enumerate(table):
        for score, count in enumerate(row):
            color = "white" if count > top / 2 else "black"
            axes.text(score, human, str(count), ha="center", va="center", color=color)
    axes.set_xticks(range(BINS), _BIN_NAMES)
    axes.set_yticks(range(BINS), _BIN_NAMES)
    axes.invert_yaxis()
    axes.set(xlabel="grader, to the nearest quarter", ylabel="people, to the nearest quarter", title="Answers by score")


def _scatter(axes: "Axes", pairs: Sequence[Pair], pass_mark: float) -> None:
    human, scores = [p.row.human for p in pairs], [p.grade.score for p in pairs]
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1, zorder=1)
    for line in (axes.axhline, axes.axvline):
        line(pass_mark, color=_RED, linewidth=0.8, linestyle=":", zorder=1)
    axes.scatter(human, scores, s=14, alpha=0.45, color=_BLUE, edgecolors="none", zorder=2)
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
    axes.set(xlabel="people", ylabel="grader", title="Each answer; dotted: the pass mark")
