"""`grader eval`: is the grader right?"""

import typer

from grader.cli.eval_calibrate import calibrate
from grader.cli.eval_compare import compare
from grader.cli.eval_consistency import consistency
from grader.cli.eval_import import import_set
from grader.cli.eval_run import run

app = typer.Typer(no_args_is_help=True, help="Is the grader right, is it stable, did a change help?")


@app.callback()
def evaluation() -> None:
    """Is the grader right, is it stable, did a change help?"""


app.command("run")(run)
app.command("consistency")(consistency)
app.command("compare")(compare)
app.command("calibrate")(calibrate)
app.command("import")(import_set)
