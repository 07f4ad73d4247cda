"""`grader doctor`: is everything here?"""

import platform

import typer

from grader.cli.context import Context, print_json
from grader.cli.options import Json
from grader.errors import ConfigError, GraderError


def doctor(context: typer.Context, json: Json = False) -> None:
    """Check the installation: bank, profile, model, one grade."""
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
        checks.append(
            {"check": "model", "ok": True, "detail": f"{grader.embedder.name}, {grader.embedder.fingerprint[:12]}"}
        )
        checks.append({"check": "profile", "ok": True, "detail": grader.profile.fitted_on})
        question = next(iter(bank))
        ((_, result),) = grader.grade([Answer(question, question.reference)])
        value = getattr(result, "score", None)
        checks.append({"check": "a grade", "ok": value is not None and value >= 0.9, "detail": f"reference: {value}"})
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
