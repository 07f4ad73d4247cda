"""`grader eval consistency`: is the grader stable?"""

import json as json_lines
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.calls import tell_batch, tell_plan, tell_totals
from grader.cli.context import Context, print_json
from grader.cli.eval_shared import JUnit, Split, remembering, report_gates
from grader.cli.grading import grading_options
from grader.cli.options import BankOption, BatchIn, BatchOut, Json
from grader.cli.status import ExitStatus
from grader.errors import InputError, nearest
from grader.settings import data_folder

if TYPE_CHECKING:
    from grader.consistency.run import Consistency
    from grader.evaluation.gates import Gate

WORDS_FILE = "consistency.yaml"


@grading_options
def consistency(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Answers; with human scores, where there are any.")],
    tests: Annotated[
        str | None, typer.Option("--tests", help="Some of repeat,invariant,lower,no_gain,ceiling,floor,fairness.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the first N questions of the file.")] = None,
    answers: Annotated[int, typer.Option("--answers", min=0, help="Answers a question, chosen by the seed.")] = 3,
    repeats: Annotated[int, typer.Option("--repeats", min=2, help="How often `repeat` grades an answer.")] = 3,
    min_pass: Annotated[
        float | None, typer.Option("--min-pass", help="Exit 1 if the relation of a test holds in a smaller share.")
    ] = None,
    dump: Annotated[Path | None, typer.Option("--dump", help="Write every variant with its score: JSON lines.")] = None,
    words: Annotated[Path | None, typer.Option("--words", help="Other word lists for the rules, YAML.")] = None,
    split: Split = None,
    junit: JUnit = None,
    batch_out: BatchOut = None,
    batch_in: BatchIn = None,
    bank: BankOption = None,
    json: Json = False,
) -> None:
    """Rewrite answers by rule, grade them, and report which relations between the scores hold."""
    from grader.answers import AnswerFile
    from grader.consistency.run import check_consistency
    from grader.consistency.variants import choose_bases, make_variants
    from grader.consistency.words import load_words
    from grader.engines import graders_again, make_grader
    from grader.evaluation.evalset import read_answers
    from grader.report.consistency import consistency_lines

    chosen = _tests(tests)
    shared: Context = context.obj.with_bank(bank)
    settings = shared.settings
    lists = load_words(words or data_folder("eval") / WORDS_FILE)
    source = AnswerFile(file, shared.load_bank)
    source.check()
    shared.tell(source.table.told)
    bases = choose_bases(read_answers(source, split), questions=limit, answers=answers, seed=settings.seed)
    variants = make_variants(bases, chosen, lists, seed=settings.seed)
    shared.tell(f"{len(variants)} variants of {sum(len(base.answers) for base in bases)} texts")
    grader = make_grader(settings, batch_in)
    again = graders_again(grader, settings, repeats - 1 if "repeat" in chosen else 0, batch_in)
    if shared.dry_run or batch_out:
        texts = [answer for base in bases for answer in base.answers]
        work = [(grader, [*texts, *(variant.answer for variant in variants)]), *((other, texts) for other in again)]
        if batch_out:
            tell_batch(shared, work, batch_out, json=json)
        else:
            tell_plan(shared, work, json=json)
        return
    checked = check_consistency(bases, variants, remembering(grader, settings), again, seed=settings.seed)
    tell_totals(shared, grader)
    result = {
        "file": file.name,
        "split": split,
        "grader_name": settings.grader,
        "seed": settings.seed,
        **checked.figures,
    }
    if dump:
        _dump(checked, dump)
    if json:
        print_json(result)
    else:
        for line in consistency_lines(result):
            typer.echo(line)
    report_gates(_gates(checked, min_pass), "grader eval consistency", junit)
    if result["ungraded"]:
        raise typer.Exit(ExitStatus.SOME_UNGRADED)


def _tests(given: str | None) -> list[str]:
    from grader.consistency.variants import TESTS

    if given is None:
        return list(TESTS)
    named = [name.strip().replace("-", "_").replace(" ", "_") for name in given.split(",") if name.strip()]
    for name in named:
        if name not in TESTS:
            raise InputError(f"--tests: no test {nearest(name, TESTS)}; there are {', '.join(TESTS)}")
    if not named:
        raise InputError(f"--tests: name some of {', '.join(TESTS)}")
    return named


def _gates(checked: "Consistency", least: float | None) -> "list[Gate]":
    """Return one gate a test; a test without a single text that could be judged is not passed."""
    from grader.evaluation.gates import Gate

    if least is None:
        return []
    rates = {name: test["rate"] for name, test in checked.figures["tests"].items()}
    return [
        Gate(name, rate is not None and rate >= least, f"{name} holds in {rate}, least {least}")
        for name, rate in rates.items()
    ]


def _dump(checked: "Consistency", path: Path) -> None:
    from grader.consistency.run import outcome_json

    try:
        with path.open("w", encoding="utf-8") as stream:
            for outcome in checked.outcomes:
                stream.write(json_lines.dumps(outcome_json(outcome), ensure_ascii=False) + "\n")
    except OSError as exc:
        raise InputError(f"{path}: cannot be written: {exc.strerror or exc}") from exc
