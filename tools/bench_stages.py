"""Grade a file in this process and print, as JSON, where the processor time went: for tools/bench.py.

`--other-profile` grades with other numbers in the profile: it must find every embedding where it was kept.
"""

import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import Any

from onnxruntime import InferenceSession

from grader.adapters.embedding_cache import RememberingEmbedder, RememberingReader
from grader.adapters.onnx.embedder import OnnxEmbedder
from grader.adapters.onnx.reader import OnnxInnerReader
from grader.answers import AnswerFile
from grader.bank.load import load_bank
from grader.engines import STANDARD, RunReport, begin_or_resume, make_manifest, make_similarity_grader, open_record
from grader.settings import load_settings
from grader.similarity.profile import load_profile

seconds: Counter[str] = Counter()
adding = Lock()
embedded = 0


def timed(owner: Any, method: str, name: str) -> None:
    """Let a method of a class add to `seconds[name]` what it takes of the time of the thread that calls it."""
    inner: Callable[..., Any] = getattr(owner, method)

    def outer(*arguments: Any, **keywords: Any) -> Any:
        started = time.thread_time()
        try:
            return inner(*arguments, **keywords)
        finally:
            with adding:
                seconds[name] += time.thread_time() - started

    setattr(owner, method, outer)


def counted(owner: Any, method: str) -> None:
    """Let a method of a model count the texts, or the pairs of texts, that it is given."""
    inner: Callable[..., Any] = getattr(owner, method)

    def outer(model: Any, texts: Sequence[Any]) -> Any:
        global embedded  # noqa: PLW0603  # one script, one count
        embedded += len(texts)
        return inner(model, texts)

    setattr(owner, method, outer)


def main() -> None:
    """Grade and print."""
    file, *options = sys.argv[1:]
    timed(InferenceSession, "run", "model")
    for model, remembering, method in (
        (OnnxEmbedder, RememberingEmbedder, "embed"),
        (OnnxInnerReader, RememberingReader, "read"),
    ):
        counted(model, method)
        timed(remembering, method, "remembered")
    with tempfile.TemporaryDirectory() as folder:
        grade(Path(file), Path(folder), other_profile="--other-profile" in options)


def grade(file: Path, folder: Path, *, other_profile: bool) -> None:
    """Grade the file into the folder."""
    flags = {}
    if other_profile:
        profile = load_profile("default").model_dump(mode="json") | {"name": "other", "off_topic": 0.123}
        flags["profile"] = str(folder / "profile.json")
        (folder / "profile.json").write_text(json.dumps(profile), encoding="utf-8")
    settings = load_settings(flags, os.environ, folder)
    whole = time.process_time()
    times = [time.thread_time()]
    answers = AnswerFile(file, lambda: load_bank(settings.bank))
    answers.check()
    times.append(time.thread_time())
    grader = make_similarity_grader(settings)
    with open_record(folder / "run", lambda _: None) as record:
        run = begin_or_resume(record, make_manifest(answers, grader, settings), fresh=False)
        results = grader.grade(answers)
        while True:
            started = time.thread_time()
            answer, result = next(results, (None, None))
            seconds["grade"] += time.thread_time() - started
            if answer is None:
                break
            record.add(run, answer, result, grader.fingerprint)
        times.append(time.thread_time())
        RunReport(record, run).write(folder / "run", STANDARD)
        times.append(time.thread_time())
    check, all_of_it, report = (later - earlier for earlier, later in pairwise(times))
    told = {
        "check": check,
        "model": seconds["model"],
        "arithmetic": seconds["grade"] - seconds["remembered"],
        "record": all_of_it - seconds["grade"],
        "report": report,
    }
    told["kept"] = time.process_time() - whole - sum(told.values())
    print(json.dumps({"seconds": told, "embedded": embedded}))


if __name__ == "__main__":
    main()
