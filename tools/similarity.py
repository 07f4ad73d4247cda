"""Fill in the tables of docs/similarity.md.

    python tools/similarity.py ../shared/data/beetle.csv ../shared/data/scientsbank.csv --saf ../shared/data/saf_en.csv

`--only attacks` (figures, ablation, attacks, costs) does one of them.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

import ablation
import attacks
from fit_profile import add_sets, gather, rated
from pages import fill

from grader.bank.load import load_bank
from grader.engines import make_embedder, make_readers
from grader.evaluation.evalset import Rated
from grader.pipeline.finding import Finder
from grader.pipeline.guards import guard
from grader.pipeline.similarity_grader import SimilarityGrader
from grader.settings import Settings, data_folder, load_settings
from grader.similarity.embedder import Floats
from grader.similarity.features import key_point_evidence, reference_features
from grader.similarity.passage import Passage, embed_passages
from grader.similarity.profile import load_profile
from grader.similarity.reader import Pair, PairReader, Readers
from grader.similarity.target import Target

REPEATS = 3
TIMED = 200
"""Answers that are timed."""
SHOWN = {
    "pearson": "r",
    "macro_f1_2way": "macro-F1",
    "qwk": "QWK",
    "mae": "MAE",
    "bias": "bias",
    "coverage": "coverage",
}


def main() -> None:
    """Fill in the parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_sets(parser)
    parser.add_argument("--only", choices=("figures", "ablation", "attacks", "costs"))
    chosen = parser.parse_args()
    paths = [*chosen.semeval, chosen.saf, data_folder("eval") / "aws.csv"]
    parts = {
        "figures": figures,
        "ablation": lambda: ablation.table(gather(chosen.semeval, chosen.saf)),
        "attacks": lambda: attacks.table(paths),
        "costs": lambda: costs(chosen.semeval[0]),
    }
    for name, lines in parts.items():
        if chosen.only in {None, name}:
            fill("similarity.md", name, "\n".join(lines()))


def figures() -> Iterator[str]:
    """Go through what the profile says of itself."""
    profile = load_profile("default")
    yield f"Fitted on {profile.date} on {profile.fitted_on}."
    yield "No weight was fitted on the answers below; test-UA of Beetle and SciEntsBank and an eighth of the questions"
    yield "of their train splits chose the reader's share and the scale, test-UQ and the test half of aws.csv nothing."
    yield ""
    yield f"| set | {' | '.join(SHOWN.values())} | partial over wrong |"
    yield f"|---|{'---:|' * (len(SHOWN) + 1)}"
    for name, told in profile.held_out.items():
        over = f"{told['partial_over_wrong']:.2f}" if "partial_over_wrong" in told else ""
        yield f"| {name} | {' | '.join(f'{told[key]:.3f}' for key in SHOWN)} | {over} |"


def costs(short: Path) -> Iterator[str]:
    """Go through the milliseconds an answer that each step takes, on one thread, nothing being remembered."""
    settings = load_settings({"threads": 1}, {"GRADER_EMBEDDING_CACHE_MB": "0"}, Path.cwd())
    bank = load_bank(data_folder("bank") / "aws")
    columns = {
        "answers of about 80 words, key points": _timed(rated(data_folder("eval") / "aws.csv", "test", bank), settings),
        "answers of about 10 words, reference": _timed(rated(short, "test-UQ", bank), settings),
    }
    yield f"| ms an answer | {' | '.join(columns)} |"
    yield f"|---|{'---:|' * len(columns)}"
    for step in next(iter(columns.values())):
        yield f"| {step} | {' | '.join(f'{column[step]:.2f}' for column in columns.values())} |"


class Recording:
    """A pair reader that remembers what it has read."""

    def __init__(self, reader: PairReader) -> None:
        """Take the reader that reads."""
        self.reader = reader
        self.fingerprint = reader.fingerprint
        self.pairs: list[Pair] = []

    def read(self, pairs: Sequence[Pair]) -> Floats:
        """Read the pairs."""
        self.pairs += pairs
        return self.reader.read(pairs)


def _timed(rows: list[Rated], settings: Settings) -> dict[str, float]:
    answers = [row.answer for row in rows[:TIMED]]
    profile = load_profile("default")
    embedder, readers = make_embedder(settings), Readers(*map(Recording, make_readers(settings)))
    finder = Finder(embedder, readers, profile)
    found = finder.find(answers)  # questions are made ready
    grader = SimilarityGrader(finder, profile, settings.pass_mark)
    questions = {id(answer.question): answer.question for answer in answers}
    texts = [text for question in questions.values() for text in Target.texts(question)]
    told = embed_passages(texts, embedder)
    targets = {key: Target(question, told) for key, question in questions.items()}
    asked = [(reader.reader, tuple(reader.pairs)) for reader in readers]
    count = sum(len(pairs) for _, pairs in asked)

    def fresh() -> dict[str, Passage]:
        return embed_passages([answer.text for answer in answers], embedder)

    passages = fresh()

    def aligned() -> None:
        for answer in answers:
            target, passage = targets[id(answer.question)], passages[answer.text]
            if target.key_points:
                key_point_evidence(target.key_points, passage)
            else:
                for reference in target.reference_sets:
                    reference_features(reference, passage, target.prompt)

    steps = {
        "embedding its statements": fresh,
        "features by alignment, words and numbers": aligned,
        "reading pairs": lambda: [reader.read(pairs) for reader, pairs in asked],
        "guards": lambda: [guard(passages[a.text], targets[id(a.question)], profile.off_topic) for a in answers],
        "weighing, verdicts, interval": lambda: [grader.weigh(one) for one in found],
    }
    times = {step: 1000 * _median_time(work) / len(answers) for step, work in steps.items()}
    return {**times, "pairs read, not a time": count / len(answers)}


def _median_time(work: Callable[[], object]) -> float:
    times = []
    for _ in range(REPEATS):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return median(times)


if __name__ == "__main__":
    main()
