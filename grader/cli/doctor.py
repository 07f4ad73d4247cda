"""`grader doctor`: is everything here?"""

import platform
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from grader.cli.calls import totals_text
from grader.cli.context import Context, print_json
from grader.cli.grading import grading_options
from grader.cli.options import Json
from grader.errors import ConfigError, GraderError

if TYPE_CHECKING:
    from grader.answers import Answer
    from grader.settings import Settings

ASKING = ("llm", "hybrid", "cascade")


@grading_options
def doctor(context: typer.Context, json: Json = False) -> None:
    """Check the installation: bank, profile, model, one grade; with --grader llm also the language model, by a call."""
    from grader.answers import Answer
    from grader.engines import choose_runtime, make_similarity_grader

    shared: Context = context.obj
    checks: list[dict[str, object]] = [
        {"check": "python", "ok": True, "detail": platform.python_version()},
    ]
    try:
        bank = shared.load_bank()
        checks.append({"check": "bank", "ok": True, "detail": f"{shared.settings.bank}: {len(bank)} questions"})
        runtime = choose_runtime(shared.settings)
        checks.append({"check": "runtime", "ok": True, "detail": f"{runtime.what}: {runtime.why}"})
        grader = make_similarity_grader(shared.settings)
        embedder = runtime.embedder
        checks.append({"check": "model", "ok": True, "detail": f"{embedder.name}, {embedder.fingerprint[:12]}"})
        checks.append({"check": "profile", "ok": True, "detail": grader.profile.fitted_on})
        question = next(iter(bank))
        reference = Answer(question, question.reference)
        ((_, result),) = grader.grade([reference])
        value = getattr(result, "score", None)
        checks.append({"check": "a grade", "ok": value is not None and value >= 0.9, "detail": f"reference: {value}"})
        if shared.settings.grader in ASKING and not shared.dry_run:
            checks.append(_endpoint(shared.settings, reference))
    except GraderError as exc:
        checks.append({"check": "failed", "ok": False, "detail": str(exc)})
    good = all(check["ok"] for check in checks)
    if json:
        print_json({"ok": good, "checks": checks})
    else:
        for check in checks:
            typer.echo(f"{'ok ' if check['ok'] else 'BAD'} {check['check']}: {check['detail']}")
    if not good:
        raise ConfigError("something is amiss; see the lines marked BAD")


def _endpoint(settings: "Settings", reference: "Answer") -> dict[str, object]:
    """Ask the language model about an answer. Raises EndpointError."""
    from grader.engines.llm import make_rubric_grader
    from grader.grade.model import Grade

    grader = make_rubric_grader(replace(settings, samples=1, cache=False))
    ((_, result),) = grader.grade([reference])
    told = f"reference: {result.score}" if isinstance(result, Grade) else result.reason
    detail = f"{settings.model} at {settings.base_url}: {told}; {totals_text(grader.totals())}"
    return {"check": "language model", "ok": isinstance(result, Grade), "detail": detail}
