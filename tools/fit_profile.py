"""Fit the default profile: grader/similarity/profiles/default.json.

    python tools/fit_profile.py ../shared/data/beetle.csv ../shared/data/scientsbank.csv --saf ../shared/data/saf_en.csv

- Key points: the tune half of eval/aws.csv, its verdicts as further rows, the bank's own references, and written
  answers that no reader was trained on, to other questions of the bank and to questions of other fields.
- Short references, with the pair reader: what is aligned is weighed on the train splits, the reader beside it on
  test-UA and on the questions that `train_reader.py` left out, each counting the same: a reader knows the answers it
  was trained on too well, and others to the same questions better than those to new ones. Scale and doubt are fitted
  on both, each set counting the same.
- Long references: the train split of SAF, and the tune half with its key points taken away.

Prints and keeps in the profile what it reaches on the test splits.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from attacks import negated
from train_reader import held_out
from written import marked_answers, marked_elsewhere

from grader.answers import Answer, AnswerFile
from grader.bank import Bank, Question
from grader.bank.load import load_bank
from grader.consistency.worsening import telling_words
from grader.engines import make_embedder, make_readers
from grader.evaluation.agreement import metrics
from grader.evaluation.calibrate import known_ends, samples_of
from grader.evaluation.evalset import Rated, read_eval_set
from grader.evaluation.fitting import Ends, Numbers, Rows, fit_doubt, fit_route, fit_scale
from grader.grade.model import CREDITS, Grade, earned_share
from grader.pipeline.finding import Finder, Found
from grader.pipeline.similarity_grader import SimilarityGrader
from grader.settings import Settings, data_folder, load_settings
from grader.similarity.embedder import Floats
from grader.similarity.features import READ
from grader.similarity.profile import PACKAGED, Doubt, Profile, Route
from grader.similarity.reader import Pair, Readers

VERDICT, OWN, LIST, MADE, WRITTEN = 0.12, 0.03, 0.3, 0.3, 0.1
"""How much a verdict, an answer or a list of words made from the bank, one made from a set, and a written answer that
no reader was trained on count beside an answer with a score."""
SHOWN = ("pearson", "qwk", "macro_f1_2way", "mae", "bias")
FEW_WORDS = 3
"""SAF holds many answers like "no response", which make any grader look good: they are left out."""
ALIKE = 0.05
"""Intraclass correlation of the scores of answers to one question, beyond what an answer tells."""
STATEMENT_RECALL = (0.2, 0.65)
MISCONCEPTION_RECALL = 0.85
OFF_TOPIC = 0.15
MIXES, DENIALS = (0.2, 0.3, 0.4, 0.5, 0.6), (0.0, 0.1, 0.2)
"""Shares of the reader that are tried."""
NO_SCALE = [(0.0, 0.0), (1.0, 1.0)]
NO_DOUBT = Doubt(edges=[], below=[1.0], above=[1.0])
START = Profile(
    name="default",
    fitted_on="nothing",
    date="2026-01-01",
    held_out={},
    key_points=Route(
        weights={"support": 0.8, "says": 0.4, "denies": -0.8, "denies_too": -0.4, "denies_others": -0.4},
        scale=NO_SCALE,
        doubt=NO_DOUBT,
    ),
    references=Route(
        weights={"recall": 1.2, "negation": -1.2, "says": 0.3, "denies": -0.3},
        intercept=-0.1,
        scale=NO_SCALE,
        doubt=NO_DOUBT,
    ),
    reading=Route(
        weights={"recall": 1.0, "negation": -1.0, "choices": -0.25}, intercept=-0.1, scale=NO_SCALE, doubt=NO_DOUBT
    ),
    statement_recall=STATEMENT_RECALL,
    misconception_recall=MISCONCEPTION_RECALL,
    off_topic=OFF_TOPIC,
)
"""What the fits are drawn to: much said is much earned, and what is denied in so many words is not said."""

Pairs = list[tuple[Found, Rated]]
Row = tuple[Numbers, float, float, str]
"""Features, score, importance, question."""


@dataclass(frozen=True, slots=True)
class Data:
    """What the three routes are fitted on, and what the result is tried on; features found once."""

    settings: Settings
    key_points: Pairs
    key_point_rows: Rows
    aligned: Pairs
    """Answers to short references, unread."""
    chosen: Pairs
    """The same, read: new answers to known questions."""
    unseen: Pairs
    """The same, read: questions that the reader does not know."""
    made: Rows
    references: Pairs
    references_made: Rows
    ends: Mapping[str, Ends]
    """By route: answers whose score is known beforehand."""
    tests: Mapping[str, Pairs]


def main() -> None:
    """Fit, report, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_sets(parser)
    parser.add_argument("--out", type=Path, default=PACKAGED / "default.json")
    chosen = parser.parse_args()
    data = gather(chosen.semeval, chosen.saf)
    profile = fit_profile(data, told=True)
    names = ", ".join(path.stem for path in (*chosen.semeval, chosen.saf))
    profile = profile.model_copy(
        update={
            "fitted_on": f"train splits of {names}; tune half of aws.csv",
            "date": date.today().isoformat(),  # noqa: DTZ011  # the day it was made
            "held_out": {name: held_out_figures(profile, pairs, data.settings) for name, pairs in data.tests.items()},
        }
    )
    chosen.out.write_text(profile.model_dump_json(indent=2) + "\n", encoding="utf-8")
    for name, told in profile.held_out.items():
        print(f"{name:24}", "  ".join(f"{metric} {value:.3f}" for metric, value in told.items()))


def add_sets(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name the sets."""
    parser.add_argument("semeval", nargs="+", type=Path, help="eval sets that the reader was trained on")
    parser.add_argument("--saf", type=Path, required=True)


def gather(semeval: Sequence[Path], saf: Path) -> Data:
    """Find the features of everything that is fitted on, or tried on."""
    settings = load_settings({}, {}, Path.cwd())
    bank = load_bank(data_folder("bank") / "aws")
    finder = Finder(make_embedder(settings), make_readers(settings), START)
    aws = data_folder("eval") / "aws.csv"
    tune = rated(aws, "tune", bank)
    key_points = worth(finder, tune)
    unread = Finder(finder.embedder, Readers(Unread(), Unread()), START)
    short = [row for path in semeval for row in rated(path, "train", bank)]
    aligned = [(found, row) for found, row in worth(unread, short) if all(found.read)]
    left_out = [row for row in short if held_out(row.answer.question.id)]
    unseen = [(found, row) for found, row in worth(finder, left_out) if all(found.read)]
    known = [row for path in semeval for row in rated(path, "test-UA", bank)]
    chosen = [(found, row) for found, row in worth(finder, known) if all(found.read)]
    bare = [*(row for row in rated(saf, "train", bank) if row.words > FEW_WORDS), *without_key_points(tune)]
    references = [(found, row) for found, row in worth(finder, bare) if not any(found.read)]
    tests = {
        f"{path.stem} {split}": [row for row in rated(path, split, bank) if path != saf or row.words > FEW_WORDS]
        for path in (*semeval, saf)
        for split in ("test-UA", "test-UQ")
    }
    tests["aws test"] = rated(aws, "test", bank)
    tests["aws test, reference only"] = without_key_points(tests["aws test"])
    return Data(
        settings,
        key_points,
        together(key_point_rows(key_points, bank, finder), written_rows(bank, finder)),
        aligned,
        chosen,
        unseen,
        made_rows(aligned, unread),
        references,
        made_rows(references, finder),
        {
            "key_points": known_ends(finder, bank),
            "aligned": known_ends(unread, questions_of(aligned)),
            "reading": known_ends(finder, questions_of([*chosen, *unseen])),
            "references": known_ends(finder, questions_of(references), exchanged(questions_of(references))),
        },
        {name: list(zip(finder.find([row.answer for row in rows]), rows, strict=True)) for name, rows in tests.items()},
    )


def fit_profile(data: Data, without: frozenset[str] = frozenset(), *, told: bool = False) -> Profile:
    """Return the profile fitted to the data, with no weight on the features in `without`."""

    def route(
        name: str, pairs: Pairs, shrinkage: float, further: Rows | None, importance: Numbers | None = None
    ) -> Route:
        start: Route = getattr(START, name)
        kept = {name: weight for name, weight in start.weights.items() if name not in without}
        prior = start.model_copy(update={"weights": kept})
        return fit(
            pairs,
            prior,
            data.settings,
            data.ends[name],
            shrinkage=shrinkage,
            further=further,
            frozen=without,
            importance=importance,
            bent=name != "references",
            told=told,
        )

    return START.model_copy(
        update={
            "key_points": route("key_points", data.key_points, 20.0, data.key_point_rows),
            "reading": fit_reading(data, without, told=told),
            # nearly recall alone: few features travel from one set of long answers to another
            "references": route(
                "references", data.references, 100.0, data.references_made, by_question(data.references)
            ),
        }
    )


def rated(path: Path, split: str, bank: Bank) -> list[Rated]:
    """Return the answers of one split with their human scores."""
    file = AnswerFile(path, lambda: bank)
    file.check()
    return read_eval_set(file, split)


def questions_of(pairs: Pairs) -> list[Question]:
    """Return the questions of the answers, each once."""
    return list({row.answer.question.id: row.answer.question for _, row in pairs}.values())


def without_key_points(rows: Sequence[Rated]) -> list[Rated]:
    """Return the answers as if their questions had nothing but a reference."""
    bare: dict[str, Question] = {}
    for row in rows:
        question = row.answer.question
        bare.setdefault(question.id, Question(question.id, question.prompt, question.reference))
    return [Rated(Answer(bare[row.answer.question.id], row.answer.text), row.ratings) for row in rows]


def key_point_rows(pairs: Pairs, bank: Bank, finder: Finder) -> Rows:
    """Return the verdicts on single key points, and the bank's own references."""
    rows: list[Row] = []
    for found, row in pairs:
        rows += verdict_rows(found, credits_of(row), VERDICT)
    made = [
        (score, weight, Answer(question, text))
        for question in bank
        for score, weight, text in (
            (1.0, OWN, question.reference),
            (0.0, OWN, negated(question.reference)),
            (0.0, OWN, f"{question.reference} {negated(question.reference)}"),
            (0.0, LIST, " ".join(telling_words([question.reference]))),
        )
    ]
    found_made = finder.find([answer for _, _, answer in made])
    for (score, weight, _), found in zip(made, found_made, strict=True):
        rows.append(answer_row(found, score, weight))
    return as_rows(rows)


def written_rows(bank: Bank, finder: Finder) -> Rows:
    """Return the verdicts on written answers that no reader was trained on, and what the answers earn."""
    written = data_folder("eval") / "training"
    marked = [
        *marked_answers(written / "unread_answers.csv", bank),
        *marked_elsewhere(written / "other_fields.jsonl"),
    ]
    rows: list[Row] = []
    for found, one in zip(finder.find([Answer(one.question, one.answer) for one in marked]), marked, strict=True):
        if found.evidence is None:
            continue
        points = one.question.key_points
        earned = [CREDITS[one.verdicts[point.id]] for point in points]
        share = earned_share([(credit, point.weight) for credit, point in zip(earned, points, strict=True)], [])
        rows += [*verdict_rows(found, earned, WRITTEN * VERDICT), answer_row(found, share, WRITTEN)]
    return as_rows(rows)


def verdict_rows(found: Found, credited: Sequence[float], importance: float) -> list[Row]:
    """Return a row for each key point of an answer."""
    name = found.answer.question.id
    return [(row, credit, importance, name) for row, credit in zip(evidence(found), credited, strict=True)]


def answer_row(found: Found, score: float, importance: float) -> Row:
    """Return the row of a whole answer: the weighted mean of its key points."""
    weights = [point.weight for point in found.answer.question.key_points]
    return np.average(evidence(found), axis=0, weights=weights), score, importance, found.answer.question.id


def together(*parts: Rows) -> Rows:
    """Return the rows of all parts."""
    design, human, importance = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("design", "human", "importance")
    )
    return Rows(design, human, importance, [group for part in parts for group in part.groups])


def fit_reading(data: Data, without: frozenset[str], *, told: bool) -> Route:
    """Return the route of answers that are read: alignment fitted first, then the reader mixed in."""
    kept = {name: weight for name, weight in START.reading.weights.items() if name not in without}
    prior = START.reading.model_copy(update={"weights": kept})
    aligned = fit(
        data.aligned,
        prior,
        data.settings,
        data.ends["aligned"],
        shrinkage=10.0,
        further=data.made,
        frozen=without | READ | {"choices"},  # `choices` was chosen on test-UA, where it parts Beetle from the others
        importance=balance(data.aligned),
        told=told,
    )
    both = [*data.chosen, *data.unseen]
    samples, human, weight = samples_of([found for found, _ in both]), humans(both), balance(both)
    parts = (slice(len(data.chosen)), slice(len(data.chosen), None))
    told_by = [metrics(data.settings.pass_mark)[name].value for name in ("pearson", "macro_f1_2way")]

    def scored(route: Route) -> tuple[Route, Numbers]:
        values = samples.values(route)
        scale = fit_scale(values, human, weight, data.settings.pass_mark, data.ends["reading"].points(route))
        route = route.model_copy(update={"scale": scale})
        return route, np.array([route.score(value) for value in values])

    def worth_of(tried: tuple[Route, Numbers]) -> float:
        return sum(value(human[part], tried[1][part]) or 0.0 for part in parts for value in told_by)

    mixed = (
        scored(mix(aligned, says, denies))
        for says in (MIXES if "says" not in without else (0.0,))
        for denies in (DENIALS if "denies" not in without else (0.0,))
    )
    best, scores = max(mixed, key=worth_of)
    questions = [row.answer.question.id for _, row in both]
    best = best.model_copy(update={"doubt": fit_doubt(scores, human, weight, questions)})
    if told:
        print("read:", best)
    return best


def mix(aligned: Route, says: float, denies: float) -> Route:
    """Return alignment with a share of reading in it; what is denied in so many words is so whatever a reader finds."""
    shares = {"negation": 1.0}
    weights = {name: round(w * shares.get(name, 1 - says), 4) for name, w in aligned.weights.items()}
    read = {name: weight for name, weight in (("says", says), ("denies", -denies)) if weight}
    return aligned.model_copy(update={"weights": weights | read, "intercept": round(aligned.intercept * (1 - says), 4)})


def humans(pairs: Pairs) -> Numbers:
    """Return the human scores."""
    return np.array([row.human for _, row in pairs])


def balance(pairs: Pairs) -> Numbers:
    """Return weights by which each set counts the same: Beetle's labels tell partial answers apart."""
    questions = {row.answer.question.id for _, row in pairs if row.human not in {0.0, 1.0}}
    first = np.array([row.answer.question.id in questions for _, row in pairs])
    if first.all() or not first.any():
        return np.ones(len(pairs))
    return np.where(first, len(pairs) / first.sum() / 2, len(pairs) / (~first).sum() / 2)


def by_question(pairs: Pairs) -> Numbers:
    """Return weights, 1 on average, by which an answer counts the less the more there are to its question.

    Answers to one question are alike; n of them tell as much as n / (1 + (n - 1) r) (design effect: Kish, 1965). SAF
    has 70 answers to each of a few questions, marked leniently; the AWS set has 8 to each of many.
    """
    questions = [row.answer.question.id for _, row in pairs]
    count = Counter(questions)
    weights = np.array([1 / (1 + (count[question] - 1) * ALIKE) for question in questions])
    normal: Numbers = weights / weights.mean()
    return normal


class Unread:
    """A pair reader that finds nothing."""

    fingerprint = "unread"

    def read(self, pairs: Sequence[Pair]) -> Floats:
        """Return zeros."""
        return np.zeros((len(pairs), 2), np.float32)


def made_rows(pairs: Pairs, finder: Finder) -> Rows:
    """Return answers that are worth nothing, made by rule."""
    rows = []
    for found in finder.find(list(made_answers(questions_of(pairs)))):
        if len(found.features) and not found.guarded.worthless:
            best = found.features[int(found.features[:, 0].argmax())]
            rows.append((best.astype(np.float64), 0.0, MADE, found.answer.question.id))
    return as_rows(rows)


def fit(
    pairs: Pairs,
    prior: Route,
    settings: Settings,
    ends: Ends,
    *,
    shrinkage: float,
    further: Rows | None = None,
    frozen: frozenset[str] = frozenset(),
    importance: Numbers | None = None,
    bent: bool = True,
    told: bool = False,
) -> Route:
    """Fit a route; `told`: print it, and how it does on questions that the fit had not seen."""
    human = humans(pairs)
    questions = [row.answer.question.id for _, row in pairs]
    result = fit_route(
        samples_of([found for found, _ in pairs]),
        human,
        questions,
        prior,
        shrinkage=shrinkage,
        pass_mark=settings.pass_mark if bent else None,
        ends=ends,
        further=further,
        frozen=frozen,
        importance=importance,
    )
    if told:
        figures = {name: metrics(settings.pass_mark)[name].value(human, result.scores) for name in SHOWN}
        print(f"{len(pairs)} answers, {len(set(questions))} questions, cross-validated:", figures)
        print("  ", result.route.intercept, result.route.weights)
        print("  ", result.route.scale, result.route.doubt)
    return result.route


def worth(finder: Finder, rows: Sequence[Rated]) -> Pairs:
    """Return what the answers hold, those left out that hold nothing."""
    found = finder.find([row.answer for row in rows])
    return [
        (one, row) for one, row in zip(found, rows, strict=True) if not one.guarded.worthless and len(one.passage.ids)
    ]


def evidence(found: Found) -> Numbers:
    """Return the (k, f) features of an answer's key points."""
    if found.evidence is None:
        raise ValueError(f"{found.answer.question.id}: no key points, or no words")
    return found.evidence.features.astype(np.float64)


def credits_of(row: Rated) -> list[float]:
    """Return the mean credit that the raters' verdicts give to each key point."""
    raters = [dict(cell.split("=") for cell in row.cell(column).split(";")) for column in ("verdicts1", "verdicts2")]
    return [float(np.mean([CREDITS[rater[name]] for rater in raters])) for name in raters[0]]


def as_rows(rows: Sequence[Row]) -> Rows:
    """Return rows as arrays."""
    design, human, importance, groups = zip(*rows, strict=True)
    return Rows(np.array(design), np.array(human), np.array(importance), list(groups))


def made_answers(questions: Sequence[Question]) -> Iterator[Answer]:
    """Go through answers that are worth nothing, made from the references: exchanged, denied, a list of keywords."""
    yield from exchanged(questions)
    for question in questions:
        for reference in (question.reference, *question.alternatives[:2]):
            yield Answer(question, negated(reference))
            yield Answer(question, " ".join(telling_words([reference])))


def exchanged(questions: Sequence[Question]) -> Iterator[Answer]:
    """Go through the questions, each with the reference of the next."""
    for question, other in zip(questions, [*questions[1:], *questions[:1]], strict=True):
        yield Answer(question, other.reference)


def held_out_figures(profile: Profile, pairs: Pairs, settings: Settings) -> dict[str, float]:
    """Return agreement, the coverage of the intervals, and how often a partial answer beats a wrong fluent one."""
    grader = SimilarityGrader(None, profile, settings.pass_mark)  # type: ignore[arg-type]  # nothing is left to find
    graded = [(grader.weigh(found), row) for found, row in pairs]
    kept = [(grade, row) for grade, row in graded if isinstance(grade, Grade)]
    human, scores = np.array([row.human for _, row in kept]), np.array([grade.score for grade, _ in kept])
    told = {name: metrics(settings.pass_mark)[name].value(human, scores) for name in SHOWN}
    told["coverage"] = float(np.mean([grade.low <= row.human <= grade.high for grade, row in kept]))
    by_kind: dict[tuple[str, str], list[float]] = {}
    for grade, row in kept:
        by_kind.setdefault((row.answer.question.id, row.cell("label")), []).append(grade.score)
    pairs_of_kinds = [
        partial > wrong
        for (question, label), honest in by_kind.items()
        if label == "partial"
        for partial in honest
        for wrong in by_kind.get((question, "wrong_fluent"), [])
    ]
    if pairs_of_kinds:
        told["partial_over_wrong"] = float(np.mean(pairs_of_kinds))
    return {name: round(value, 4) for name, value in told.items() if value is not None}


if __name__ == "__main__":
    main()
