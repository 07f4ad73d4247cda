"""What each ingredient of the similarity grader is worth: fitted again without it."""

from collections.abc import Iterator

from fit_profile import Data, fit_profile, held_out_figures

from grader.similarity.features import KEY_POINT_FEATURES, READ, REFERENCE_FEATURES

INGREDIENTS = {
    "everything": frozenset(),
    "without the pair reader": READ,
    "without contraries": frozenset({"contrast", "contrast_anywhere", "direction", "wording", "denied"}),
    "without the other key points' evidence": frozenset({"denies_others"}),
    "without negation, opposites, numbers": frozenset({"negation", "opposite", "number"}),
    "without the share of function words": frozenset({"keywords"}),
    "without shared stems and trigrams": frozenset({"stems", "stem_precision", "trigrams", "order"}),
    "without precision and length": frozenset({"precision", "new", "shorter", "longer"}),
    "recall alone": frozenset({*KEY_POINT_FEATURES, *REFERENCE_FEATURES}) - {"support", "recall"},
}


def table(data: Data) -> Iterator[str]:
    """Go through the lines of the table: a row an ingredient left out, a column a set."""
    yield f"| ingredients | {' | '.join(data.tests)} | partial over wrong |"
    yield f"|---|{'---:|' * (len(data.tests) + 1)}"
    for name, without in INGREDIENTS.items():
        profile = fit_profile(data, without)
        figures = {test: held_out_figures(profile, pairs, data.settings) for test, pairs in data.tests.items()}
        cells = [f"{told['pearson']:.3f} / {told['macro_f1_2way']:.3f}" for told in figures.values()]
        over = next(told["partial_over_wrong"] for told in figures.values() if "partial_over_wrong" in told)
        yield f"| {name} | {' | '.join(cells)} | {over:.2f} |"
