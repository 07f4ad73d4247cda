"""Where the command begins. Nothing heavy is imported here: what parses the command line waits until it is needed."""

import os
import sys


def main() -> None:
    """Run the command line."""
    one_thread_for_small_products()
    arguments = sys.argv[1:]

    def command() -> None:
        from grader.cli.main import main as parse_and_run

        parse_and_run()

    if _only_prints(arguments):
        from grader.cli.replay import replay

        replay(sys.argv, command)
    else:
        command()


def one_thread_for_small_products() -> None:
    """Keep numpy's matrix products on one thread; to be called before numpy is imported.

    Tokens are aligned by many products of small matrices. Sharing one out among threads takes ten times as long as
    the product.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _only_prints(arguments: list[str]) -> bool:
    """Say whether the command does nothing but print what stands in the program or in the bank."""
    return "--help" in arguments[-1:] or (arguments[:2] == ["bank", "list"] and set(arguments[2:]) <= {"--json"})
