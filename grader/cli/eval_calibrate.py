"""`grader eval calibrate`: a profile fitted to one's own scored answers."""

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.context import Context, print_json
from grader.cli.eval_shared import Split
from grader.cli.options import BankOption, Json
from grader.errors import InputError

SHOWN = ("pearson", "qwk", "macro_f1_2way", "mae", "rmse", "bias")


def calibrate(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Answers with human_score, or rater1, rater2, …")],
    out: Annotated[Path, typer.Option("--out", help="The profile to write, JSON, for --profile.")],
    split: Split = None,
    bank: BankOption = None,
    json: Json = False,
) -> None:
    """Fit a profile to your own scored answers, and say whether it is any better than the one at hand."""
    from grader.answers import AnswerFile
    from grader.evaluation.evalset import read_eval_set

    shared: Context = context.obj.with_bank(bank)
    answers = AnswerFile(file, shared.load_bank)
    answers.check()
    shared.tell(answers.table.told)
    rows = read_eval_set(answers, split)

    from grader.engines import make_finder
    from grader.evaluation.calibrate import calibrate as fit
    from grader.similarity.profile import load_profile

    settings = shared.settings
    profile = load_profile(settings.profile)
    what = file.name if split is None else f"{file.name}, split {split}"
    result = fit(rows, make_finder(settings, profile), profile, name=out.stem, what=what, pass_mark=settings.pass_mark)
    try:
        out.write_text(result.profile.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except OSError as exc:
        raise InputError(f"{out}: cannot be written: {exc.strerror or exc}") from exc
    if json:
        head = {"profile": str(out), "answers": result.answers, "questions": result.questions}
        print_json(
            {
                **head,
                "fitted": list(result.routes),
                "before": result.before,
                "after": result.after,
                "worse": result.worse,
            }
        )
        return
    typer.echo(f"{result.answers} answers to {result.questions} questions; fitted: {', '.join(result.routes)}")
    typer.echo(f"{'on unseen questions':24}{profile.name:>12}{'fitted':>12}")
    for name in SHOWN:
        cells = [
            f"{figures[name]:12.3f}" if name in figures else f"{'-':>12}" for figures in (result.before, result.after)
        ]
        typer.echo(f"{name:24}{''.join(cells)}")
    if result.worse:
        typer.echo(f"The fitted profile lies further from these scores than {profile.name}: keep that one.")
    typer.echo(f"written to {out}; use it with --profile {out}")
