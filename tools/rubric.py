"""Fill in what docs/rubric.md shows of real runs: `python tools/rubric.py [BLOCK…]`, all blocks by default.

The page is written by hand, but for what stands between `<!-- begin NAME -->` and `<!-- end NAME -->`.
"""

import csv
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import fmean
from typing import Any

import faults
from consistency import ROOT, call
from pages import fill
from recorded import ANSWERS, BANK, MODEL, RESPONSES

from grader.adapters.spending import find_price
from grader.adapters.tokens import TokenCounter
from grader.answers import Answer
from grader.bank import Question
from grader.bank.load import load_bank
from grader.engines.llm import make_rubric_grader
from grader.grade.model import Grade
from grader.rubric.chat import Message, Usage
from grader.rubric.fence import fence
from grader.rubric.prompt import load_rubric
from grader.rubric.reply import reply_schema
from grader.settings import load_settings
from tests.endpoint import Endpoint, all_met

SHOWN = ("aws-254", "plea")
COUNTED = "gpt-4.1-mini"
KEY_POINTS = 5
SHORTEST_CACHED = 1024
"""Tokens of a prefix from which OpenAI caches it."""
NOTE = f"""\
Means over the {{cases}} recorded answers to questions of {KEY_POINTS + 1} key points, the last one left out. Counted by
the tokenizer and priced by the list price of {COUNTED}; the replies are the recorded ones, and in the two-step way
their reasons. *Cached*: the shared prefix is in the provider's cache. OpenAI caches prefixes from {SHORTEST_CACHED}
tokens on and puts the schema in front (about {{schema}} tokens, not in the table): with it {{long_enough}} of {{cases}}
prefixes are long enough. Servers such as vLLM cache prefixes of any length."""
LOADS = ((1, 0.5, 40), (8, 0.5, 320), (32, 1.0, 640), (64, 1.0, 1280))
"""Workers, seconds that the server takes for a reply, answers."""

STEPS = """\
You will be given a question and an answer to it. Write three or four short evaluation steps by which to judge the
answer, made from the criterion below. Reply with JSON: {{"steps": ["...", ...]}}

Criterion: the answer says that {point}
"""
FOUR_STEPS = """\
1. Read the question and find the part of the answer that speaks to it.
2. Check whether the answer says that {point}
3. Check whether the answer says the opposite or a wrong form of it.
4. Give a high score if it is said in full, a middling one if in part, a low one if it is missing or wrong.
"""
SCORE = """\
Follow the evaluation steps. Reply with JSON: {{"score": 0 to 10, "reason": "..."}}

Evaluation steps:
{steps}
Question: {question}

Answer: """


def main() -> None:
    """Run what the page shows, and put it in."""
    makers = {"example": example, "faults": faults.table, "tokens": tokens, "throughput": throughput}
    for name in sys.argv[1:] or makers:
        fill("rubric.md", name, "\n".join(line.rstrip() for line in makers[name]()))


def example() -> Iterator[str]:
    """Show one recorded request, its reply, and what `grader report --explain` says of the grade made of it."""
    with (ROOT / ANSWERS).open(encoding="utf-8", newline="") as stream:
        row = next(row for row in csv.DictReader(stream) if (row["question_id"], row["label"]) == SHOWN)
    with tempfile.TemporaryDirectory() as folder:
        file, requests, out = (str(Path(folder) / name) for name in ("answers.csv", "requests.jsonl", "run"))
        with Path(file).open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([("question_id", "answer"), (row["question_id"], row["answer"])])
        common = ("grade", file, "--out", out, "--bank", BANK, "--grader", "llm", "--model", MODEL, "--no-cache")
        call(*common, "--batch-out", requests)
        call(*common, "--batch-in", RESPONSES)
        told = call("report", out, "--question", row["question_id"], "--explain").split("\nGraded with")[0]
        request = json.loads(Path(requests).read_text(encoding="utf-8"))
    replies = map(json.loads, (ROOT / RESPONSES).read_text(encoding="utf-8").splitlines())
    reply = next(reply for reply in replies if reply["custom_id"] == request["custom_id"])
    system, user = (message["content"] for message in request["body"]["messages"])
    content = json.loads(reply["response"]["body"]["choices"][0]["message"]["content"])
    yield from _block("The system part of the request:", system)
    yield from _block("The user part:", user)
    yield from _block("The reply:", json.dumps(content, indent=2, ensure_ascii=False))
    told = told[told.index("\nGrade\n") :].strip()
    yield from _block(f"The grade, as `grader report run --question {row['question_id']} --explain` tells it:", told)


def _block(title: str, text: str) -> Iterator[str]:
    yield ""
    yield title
    yield ""
    yield "````text"
    yield from text.splitlines()
    yield "````"


@dataclass(frozen=True)
class Cost:
    """What grading one answer takes."""

    calls: int
    usage: Usage
    """`cached`: of the input, what all answers to the question have in common at its beginning."""


def tokens() -> Iterator[str]:
    """Count tokens by the tokenizer of `COUNTED` over the recorded answers and replies, by three ways to ask."""
    cases = list(_cases())
    ways = {
        "grader: all key points in one call": [_one_call(*case) for case in cases],
        "the same prompt, one call a key point": [_call_each(*case) for case in cases],
        "two steps a key point, steps kept for the question": [_two_steps(*case, kept=True) for case in cases],
        "two steps a key point, both for each answer": [_two_steps(*case, kept=False) for case in cases],
    }
    schemas = [TokenCounter(COUNTED).count(_json(reply_schema(q, q.key_points))) for _, q, _, _ in cases]
    prefixes = [cost.usage.cached + schema for cost, schema in zip(next(iter(ways.values())), schemas, strict=True)]
    price = find_price(COUNTED, "")
    yield "| | calls an answer | input tokens | of these in the shared prefix | output tokens | $ for 1,000 answers |"
    yield "|---|---:|---:|---:|---:|---:|"
    for name, costs in ways.items():
        calls = sum(cost.calls for cost in costs) / len(costs)
        total = sum((cost.usage for cost in costs), Usage())
        each = [round(tokens / len(costs)) for tokens in (total.input, total.cached, total.output)]
        money = "-"
        if price:
            cold, warm = (1000 * price.of(used) / len(costs) for used in (replace(total, cached=0), total))
            money = f"{cold:.2f} cold, {warm:.2f} cached"
        yield f"| {name} | {calls:.0f} | {each[0]} | {each[1]} | {each[2]} | {money} |"
    yield ""
    long_enough = sum(tokens >= SHORTEST_CACHED for tokens in prefixes)
    yield from NOTE.format(cases=len(cases), schema=round(fmean(schemas)), long_enough=long_enough).splitlines()


def _cases() -> Iterator[tuple[TokenCounter, Question, str, Mapping[str, Any]]]:
    counter, bank = TokenCounter(COUNTED), load_bank(ROOT / BANK)
    grader = make_rubric_grader(load_settings({"model": MODEL, "cache": False}, {}, ROOT), ROOT / RESPONSES)
    with (ROOT / ANSWERS).open(encoding="utf-8", newline="") as stream:
        answers = [Answer(bank.question(row["question_id"]), row["answer"]) for row in csv.DictReader(stream)]
    for answer in answers:
        question = answer.question
        if len(question.key_points) != KEY_POINTS + 1:
            continue
        (request,) = grader.requests([answer])
        said = grader.judge.judge(request).model_dump()  # type: ignore[union-attr]  # all recorded replies are good
        points = question.key_points[:KEY_POINTS]
        judged = {point.id: said["key_points"][point.id] for point in points}
        yield counter, replace(question, key_points=points), answer.text, {**said, "key_points": judged}


def _one_call(counter: TokenCounter, question: Question, answer: str, said: Mapping[str, Any]) -> Cost:
    fenced = fence(answer, 0)
    messages = load_rubric("rubric/v1", ROOT / "prompts").messages(question, question.key_points, fenced)
    system, user = messages
    shared = counter.count_messages([system, Message("user", user.content.partition(f"<{fenced.name}>")[0])])
    return Cost(1, Usage(counter.count_messages(messages), shared, counter.count(_json(said))))


def _call_each(counter: TokenCounter, question: Question, answer: str, said: Mapping[str, Any]) -> Cost:
    """Return the cost of asking about one key point at a time; misconceptions and feedback come with the first."""
    usage = Usage()
    rest = said
    for point in question.key_points:
        alone = {**rest, "key_points": {point.id: said["key_points"][point.id]}}
        usage += _one_call(counter, replace(question, key_points=(point,)), answer, alone).usage
        rest = {}
        question = replace(question, misconceptions=())
    return Cost(len(question.key_points), usage)


def _two_steps(counter: TokenCounter, question: Question, answer: str, said: Mapping[str, Any], *, kept: bool) -> Cost:
    """Return the cost of steps written from a criterion and then followed, as in G-Eval (Liu et al. 2023)."""
    usage = Usage()
    for point in question.key_points:
        steps = FOUR_STEPS.format(point=point.text)
        if not kept:
            asked = counter.count_messages([Message("user", STEPS.format(point=point.text))])
            usage += Usage(asked, asked, counter.count(_json({"steps": steps.splitlines()})))
        before = SCORE.format(steps=steps, question=question.prompt)
        shared, all_of_it = (counter.count_messages([Message("user", text)]) for text in (before, before + answer))
        told = _json({"score": 10, "reason": said["key_points"][point.id]["reason"]})
        usage += Usage(all_of_it, shared, counter.count(told))
    return Cost(len(question.key_points) * (1 if kept else 2), usage)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def throughput() -> Iterator[str]:
    """Grade against a server that takes its time, and compare with workers / latency."""
    yield "| workers N | seconds L a reply | answers | answers a second | N/L | reached |"
    yield "|---:|---:|---:|---:|---:|---:|"
    for workers, latency, count in LOADS:
        rate = count / _seconds(workers, latency, count)
        most = workers / latency
        yield f"| {workers} | {latency} | {count} | {rate:.2f} | {most:.2f} | {rate / most:.1%} |"


def _seconds(workers: int, latency: float, count: int) -> float:
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, latency), daemon=True)
    server.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            flags = {"base_url": here.recv(), "max_concurrency": workers, "model": COUNTED}
            grader = make_rubric_grader(load_settings(flags, {"GRADER_CACHE_DIR": folder}, Path(folder)))
            questions = list(load_bank(ROOT / BANK))
            texts = [f"Answer number {number}." for number in range(count + 1)]
            first, *rest = [Answer(questions[n * len(questions) // len(texts)], text) for n, text in enumerate(texts)]
            list(grader.grade([first]))  # the tokenizer is loaded, and a connection opened
            start = time.perf_counter()
            graded = sum(isinstance(result, Grade) for _, result in grader.grade(rest))
            seconds = time.perf_counter() - start
            return seconds if graded == count else sys.exit(f"{count - graded} answers are ungraded")
    finally:
        server.kill()


def _serve(pipe: Connection, latency: float) -> None:
    pipe.send(Endpoint(lambda body, number: replace(all_met(body, number), delay=latency)).url)
    time.sleep(3600)


if __name__ == "__main__":
    main()
