"""The rubric grader against a real server on loopback: faults, retries, cache, money."""

import json
import threading
from dataclasses import replace

import pytest

from grader.adapters.exchanges import ExchangeLog
from grader.adapters.openai_chat import ATTEMPTS, OpenAIChat, retry_after
from grader.adapters.pace import Pace
from grader.adapters.spending import Ledger, Price, find_price
from grader.adapters.tokens import TokenCounter
from grader.answers import Answer
from grader.bank import KeyPoint, Question
from grader.engines.llm import kept_replies, make_rubric_grader, plan_calls
from grader.errors import BudgetError, ConfigError, EndpointError
from grader.grade.model import Grade, Ungraded
from grader.rubric.chat import ChatRequest, Message, Usage
from grader.settings import Secret, load_settings
from tests.endpoint import Endpoint, Reply, all_met, completion, error, fenced, judgement

QUESTIONS = [
    Question(f"q{n}", f"Question {n}?", "…", (KeyPoint("a", "Cats purr", 2), KeyPoint("b", "Dogs bark")))
    for n in range(3)
]
KEY = "sk-very-secret-0123456789"


@pytest.fixture
def endpoint():
    server = Endpoint()
    yield server
    server.close()


@pytest.fixture
def settings(tmp_path, endpoint):
    return load_settings(
        {"base_url": endpoint.url, "grader": "llm", "model": "gpt-4o"},
        {"GRADER_CACHE_DIR": str(tmp_path / "cache"), "GRADER_DATA_DIR": str(tmp_path / "data"), "OPENAI_API_KEY": KEY},
        tmp_path,
    )


def answers(*texts, question=QUESTIONS[0]):
    return [Answer(question, text, f"candidate-{n}") for n, text in enumerate(texts)]


def grade(settings, *texts, **keywords):
    grader = make_rubric_grader(replace(settings, **keywords))
    return [result for _, result in grader.grade(answers(*texts))], grader.totals()


def first(then):
    """A script that answers the first request in one way and the others well."""
    return lambda body, number: then(body) if number == 0 else all_met(body, number)


# --- what is asked


def test_a_grade_from_a_reply(endpoint, settings):
    endpoint.script = lambda body, _: completion(
        judgement(
            body,
            key_points={
                "a": {"quote": "cats PURR", "reason": "said", "verdict": "met"},
                "b": {"quote": "", "reason": "not said", "verdict": "missing"},
            },
        )
    )
    ((result,), totals) = grade(settings, "My cats purr.")
    assert result.score == pytest.approx(2 / 3)
    assert result.verdicts[0].quote == "cats purr"
    assert (result.graded_by, result.similarity, result.missing) == ("llm", None, ("b",))
    assert result.feedback == "Well. Done."
    assert (totals["calls"], totals["input_tokens"], totals["output_tokens"]) == (1, 100, 20)
    (request,) = endpoint.requests
    assert request["response_format"]["json_schema"]["strict"] is True
    assert request["temperature"] == 0


def test_nothing_of_the_candidate_and_no_key_leaves_by_any_other_way(endpoint, settings, tmp_path):
    endpoint.script = first(lambda _: Reply(500, {"error": {"message": f"key {KEY} is fine"}}))
    grade(settings, "My cats purr.", log_replies=True)
    sent = json.dumps(endpoint.requests)
    assert "candidate-0" not in sent
    assert endpoint.headers[0]["authorization"] == f"Bearer {KEY}"
    logged = (tmp_path / "data" / "exchanges.jsonl").read_text(encoding="utf-8")
    assert "Cats purr" in logged
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert KEY not in logged + repr(settings) + str(settings.api_key)
    assert KEY.encode() not in kept


def test_a_stand_in_for_a_key_spoils_no_reply(settings):
    ((result,), _) = grade(settings, "My cats purr.", api_key=Secret("e"))
    assert isinstance(result, Grade)


def test_replies_are_logged_only_on_demand(settings, tmp_path):
    grade(settings, "My cats purr.")
    assert not (tmp_path / "data").exists()


def test_an_empty_answer_is_graded_without_a_call(settings, endpoint):
    ((result,), totals) = grade(settings, " \n ")
    assert (result.score, result.flags, totals["calls"], endpoint.requests) == (0.0, ("empty",), 0, [])


def test_requests_are_grouped_by_question_and_results_come_in_order(endpoint, settings):
    mixed = [Answer(QUESTIONS[n % 3], f"Cats purr {n}") for n in range(12)]
    grader = make_rubric_grader(replace(settings, max_concurrency=1))
    assert [answer for answer, _ in grader.grade(mixed)] == mixed
    asked = [body["messages"][1]["content"].split("?")[0] for body in endpoint.requests]
    assert asked == sorted(asked)


# --- faults of the reply: one repair, then ungraded


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (lambda _: completion("All met, I would say."), "expected one JSON object, found none"),
        (lambda body: completion(judgement(body)[:-9]), "broken JSON"),
        (lambda body: completion(judgement(body), finish="length"), "cut off at the token limit"),
        (lambda _: completion("", finish="content_filter"), "content filter"),
        (lambda _: error(400, "filtered", code="content_filter"), "content filter"),
        (lambda _: completion(None, refusal="I cannot help"), "refused: I cannot help"),
        (lambda body: completion(judgement(body, "excellent")), "key_points.a.verdict"),
        (lambda body: completion(judgement(body, key_points={})), "key point 'a' is missing"),
    ],
)
def test_a_bad_reply_is_asked_for_once_more_and_then_ungraded(endpoint, settings, bad, reason):
    endpoint.script = first(bad)
    ((result,), _) = grade(settings, "Cats purr")
    assert isinstance(result, Grade)
    assert len(endpoint.requests) == 2
    repair = endpoint.requests[1]["messages"][-1]
    assert (repair["role"], reason in repair["content"]) == ("user", True)

    endpoint.script = lambda body, _: bad(body)
    ((result,), _) = grade(settings, "Cats purr twice")
    assert isinstance(result, Ungraded)
    assert reason in result.reason
    assert len(endpoint.requests) == 4


def test_a_repaired_reply_is_kept_and_a_bad_one_is_not(endpoint, settings):
    endpoint.script = first(lambda _: completion("prose"))
    grade(settings, "Cats purr")
    assert kept_replies(settings)["replies"] == 1
    grade(settings, "Cats purr")
    assert len(endpoint.requests) == 2


def test_an_invented_quote_voids_its_verdict(endpoint, settings):
    endpoint.script = lambda body, _: completion(judgement(body, quote="Dogs bark and cats purr"))
    ((result,), _) = grade(settings, "I have two pets.")
    assert result.score == 0
    assert "unsupported" in result.flags
    assert result.needs_review


# --- faults of the endpoint


@pytest.mark.parametrize(
    "fault",
    [
        lambda _: error(500),
        lambda _: error(503, retry_after="0"),
        lambda _: error(429, retry_after="0"),
        lambda _: error(408),
        lambda _: Reply(raw="<html>busy</html>"),
        lambda _: Reply(raw='{"choices": ['),
        lambda _: Reply(body={"choices": []}),
        lambda _: Reply(body={"choices": [{"message": None}]}),
        lambda _: Reply(raw='"just text"'),
        lambda _: Reply(body=None),
        lambda _: Reply(body={}, delay=1.5),
    ],
)
def test_a_passing_fault_is_retried(endpoint, settings, fault):
    endpoint.script = first(fault)
    ((result,), _) = grade(settings, "Cats purr", timeout=1.0)
    assert isinstance(result, Grade), result
    assert len(endpoint.requests) == 2


def test_a_lasting_fault_leaves_the_answer_ungraded_with_the_reason(endpoint, settings):
    endpoint.script = lambda body, _: error(503, retry_after="0") if "503" in fenced(body) else all_met(body, 0)
    (results, _) = grade(settings, "one", "503", "three")
    assert [type(result).__name__ for result in results] == ["Grade", "Ungraded", "Grade"]
    assert results[1].reason == f"the endpoint answers 503, after {ATTEMPTS} attempts"


def test_an_endpoint_that_asks_to_wait_long_is_given_up(endpoint, settings):
    endpoint.script = lambda *_: error(429, retry_after="3600")
    ((result,), _) = grade(settings, "one")
    assert result.reason == "the endpoint answers 429; the endpoint asks to wait 3600 s"
    assert len(endpoint.requests) == 1


def test_one_429_makes_all_workers_wait(endpoint, settings):
    endpoint.script = first(lambda _: error(429, retry_after="1"))
    (results, _) = grade(settings, *map(str, range(12)), max_concurrency=3)
    assert all(isinstance(result, Grade) for result in results)
    refused = endpoint.times[0]
    early = [at for at in endpoint.times[1:] if at - refused < 0.95]
    assert len(early) <= 2 * 3  # what the other workers had under way, or had begun to send


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (error(401, f"bad key {KEY}"), r"401: the key is not accepted; check OPENAI_API_KEY \(it says: bad key \*\*\*"),
        (error(403), "403: the key may not use this model"),
        (error(404), "404: there is no such model or address"),
        (error(402), "402: the account has no credit"),
        (error(429, code="insufficient_quota"), "quota is used up"),
        (error(400, "malformed"), "400: it refuses the request"),
        (Reply(400, {"error": "no model loaded"}), r"\(it says: no model loaded\)"),
        (Reply(422, {"detail": "no such field"}), r"\(it says: no such field\)"),
    ],
)
def test_what_no_retry_can_mend_ends_the_run_at_once(endpoint, settings, reply, message):
    endpoint.script = lambda *_: reply
    with pytest.raises(EndpointError, match=message):
        grade(settings, *map(str, range(50)), max_concurrency=2)
    assert len(endpoint.requests) <= 4


def test_what_was_graded_before_the_end_stays_graded(endpoint, settings):
    endpoint.script = lambda body, number: all_met(body, number) if number < 3 else error(401)
    grader = make_rubric_grader(replace(settings, max_concurrency=1))
    seen = []
    with pytest.raises(EndpointError):
        seen.extend(result for _, result in grader.grade(answers(*map(str, range(9)))))
    seen = list(map(type, seen))
    assert kept_replies(settings)["replies"] == 3


def test_without_a_key_the_official_endpoint_is_not_even_asked(settings):
    with pytest.raises(EndpointError, match="OPENAI_API_KEY is not set"):
        grade(settings, "x", base_url="https://api.openai.com/v1", api_key=Secret())


def test_nobody_listens():
    slept = []
    chat = OpenAIChat(
        "http://127.0.0.1:9/v1",
        Secret(),
        pace=Pace(),
        ledger=Ledger(None),
        counter=TokenCounter("m"),
        log=ExchangeLog(None),
        timeout=1,
        sleep=slept.append,
    )
    with pytest.raises(EndpointError, match=f"no connection: .*after {ATTEMPTS} attempts; check --base-url"):
        chat.reply(ChatRequest("m", (Message("user", "hello"),), {}, 0, 0, 10))
    assert len(slept) == ATTEMPTS - 1
    assert slept == sorted(slept)


# --- the ladder


def refusing(*words, status=400):
    """A script of an endpoint that refuses requests that hold one of the words, naming it."""

    def script(body, number):
        for word in words:
            if word in json.dumps({name: value for name, value in body.items() if name != "messages"}):
                return error(status, f"Unsupported parameter or value: {word}")
        return all_met(body, number)

    return script


@pytest.mark.parametrize(
    ("words", "kind"),
    [((), "json_schema"), (("json_schema",), "json_object"), (("json_schema", "response_format"), None)],
)
def test_the_ladder_steps_down_once_and_is_remembered(endpoint, settings, words, kind):
    endpoint.script = refusing(*words)
    (results, _) = grade(settings, "one", "two", "three", max_concurrency=1)
    assert all(isinstance(result, Grade) for result in results)
    assert len(endpoint.requests) == 3 + len(words)
    assert endpoint.requests[-1].get("response_format", {}).get("type") == kind


@pytest.mark.parametrize("status", [400, 422, 500, 501])
def test_parameters_that_an_endpoint_does_not_know_are_left_out(endpoint, settings, status):
    endpoint.script = refusing("max_completion_tokens", "temperature", "seed", status=status)
    (results, _) = grade(settings, "one", "two", max_concurrency=1)
    assert all(isinstance(result, Grade) for result in results)
    assert endpoint.requests[-1]["max_tokens"] == settings.reply_tokens
    assert not {"temperature", "seed", "max_completion_tokens"} & set(endpoint.requests[-1])


def test_tokens_are_counted_here_where_an_endpoint_does_not_tell_them(endpoint, settings):
    def script(body, _):
        reply = completion(judgement(body))
        return replace(reply, body={**reply.body, "usage": {"prompt_tokens": None}})

    endpoint.script = script
    ((result,), totals) = grade(settings, "Cats purr")
    assert isinstance(result, Grade)
    assert totals["input_tokens"] > 300
    assert totals["output_tokens"] > 20


# --- samples


def test_samples_have_their_own_order_seed_and_cache_entry(endpoint, settings):
    endpoint.script = lambda body, _: completion(judgement(body, "partial" if body["seed"] == 2 else "met"))
    ((result,), totals) = grade(settings, "Cats purr", samples=3)
    assert sorted(body["seed"] for body in endpoint.requests) == [0, 1, 2]
    assert {body["temperature"] for body in endpoint.requests} == {0.7}
    assert result.score == 1
    assert result.verdicts[0].votes == {"met": 2, "partial": 1}
    assert "split_vote" in result.flags
    assert result.low == pytest.approx(0.5 - 0.25)
    assert totals["calls"] == kept_replies(settings)["replies"] == 3


def test_a_lost_sample_is_told_and_too_many_are_ungraded(endpoint, settings):
    endpoint.script = lambda body, _: completion("prose" if body["seed"] == 0 else judgement(body))
    ((result,), _) = grade(settings, "Cats purr", samples=3)
    assert "lost_sample" in result.flags
    endpoint.script = lambda body, _: completion("prose" if body["seed"] < 2 else judgement(body))
    ((result,), _) = grade(settings, "Dogs bark", samples=3)
    assert isinstance(result, Ungraded)


# --- the cache


def test_a_second_run_asks_nobody_and_tells_what_it_saved(endpoint, settings):
    before, spent = grade(settings, "Cats purr", "Dogs bark")
    after, totals = grade(settings, "Cats purr", "Dogs bark")
    assert before == after
    assert len(endpoint.requests) == 2
    assert (totals["calls"], totals["dollars"], totals["calls_saved_by_cache"]) == (0, 0, 2)
    assert totals["dollars_saved_by_cache"] == pytest.approx(spent["dollars"])


def test_equal_requests_under_way_are_sent_once(endpoint, settings):
    endpoint.script = lambda body, number: replace(all_met(body, number), delay=0.2)
    (results, _) = grade(settings, *["Cats purr"] * 6, max_concurrency=6)
    assert len(endpoint.requests) == 1
    assert len(results) == 6


@pytest.mark.parametrize("change", [{"model": "other"}, {"seed": 7}, {"reply_tokens": 99}, {"cache": False}])
def test_whatever_shapes_a_reply_is_in_its_key(endpoint, settings, change):
    grade(settings, "Cats purr")
    grade(settings, "Cats purr", **change)
    assert len(endpoint.requests) == 2


# --- speed and limits


@pytest.mark.parametrize("workers", [1, 8])
def test_so_many_requests_are_under_way_at_once(endpoint, settings, workers):
    endpoint.script = lambda body, number: replace(all_met(body, number), delay=0.05)
    grade(settings, *map(str, range(24)), max_concurrency=workers)
    assert endpoint.most == workers


def test_pace_keeps_to_requests_and_tokens_a_minute_and_pauses_everybody():
    now, slept = [0.0], []

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    pace = Pace(60, 6000, clock=lambda: now[0], sleep=sleep)
    pace.wait(10)
    assert now[0] == 0
    pace.wait(500)
    assert now[0] == 1  # 60 requests a minute
    pace.wait(10)
    assert now[0] == 6  # 500 tokens of 6000 a minute
    pace.pause(30)
    pace.wait(10)
    assert now[0] == 36


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:10 GMT"}, 10),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:10 GMT"}, 0),
        ({"retry-after": "soon"}, None),
    ],
)
def test_retry_after(headers, seconds):
    assert retry_after(headers, now=60) == seconds


# --- money


def test_a_worked_example_of_money():
    price = Price(input=2, output=8, cached=0.5)
    assert price.of(Usage(input=1_000_000, cached=400_000, output=100_000)) == pytest.approx(1.2 + 0.2 + 0.8)


def test_prices():
    known = find_price("gpt-4o", "")
    assert known == find_price("openai/gpt-4o", "")
    assert 0 < known.cached < known.input < known.output
    assert find_price("my-own-model", "") is None
    assert find_price("my-own-model", "1,2") == Price(1, 2, 1)
    with pytest.raises(ConfigError, match="expected input,output"):
        find_price("x", "cheap")


def test_the_budget_is_never_exceeded_and_what_was_paid_for_is_kept(endpoint, settings):
    # A call costs 100 x $1 + 20 x $10 a million = $0.0003; up to 100 reply tokens are set aside.
    money = {"price": "1,10", "reply_tokens": 100, "max_concurrency": 2, "budget": 0.005}
    grader = make_rubric_grader(replace(settings, **money))
    with pytest.raises(BudgetError, match=r"the budget of \$0\.005 is used up"):
        list(grader.grade(answers(*map(str, range(100)))))
    spent = grader.totals()["dollars"]
    assert 0.002 < spent <= 0.005
    assert kept_replies(settings)["replies"] == len(endpoint.requests) == round(spent / 0.0003)


def test_a_budget_needs_a_price(settings):
    with pytest.raises(ConfigError, match="no price is known"):
        make_rubric_grader(replace(settings, model="my-own-model", budget=1))


def test_a_reservation_waits_for_others_to_end():
    ledger = Ledger(Price(1, 1, 1), budget=1)
    reserved = ledger.reserve(Usage(800_000))
    second = threading.Thread(target=ledger.reserve, args=[Usage(700_000)], daemon=True)
    second.start()
    second.join(0.1)
    assert second.is_alive()
    ledger.settle(reserved, Usage(200_000))
    second.join(10)
    assert not second.is_alive()


def test_a_budget_without_a_price_is_refused():
    with pytest.raises(ConfigError, match="no price"):
        Ledger(None, budget=1)


def test_the_plan_counts_and_sends_nothing(endpoint, settings):
    grade(settings, "Cats purr")
    before = len(endpoint.requests)
    grader = make_rubric_grader(settings)
    plan = plan_calls(grader.requests(answers("Cats purr", "", "Dogs bark", "Dogs bark")), settings)
    assert len(endpoint.requests) == before
    assert (plan["calls"], plan["calls_saved_by_cache"]) == (1, 2)
    assert plan["input_tokens_counted_by"] == "o200k_base"
    assert plan["dollars_expected"] < plan["dollars_at_most"]
    unknown = plan_calls(grader.requests(answers("x")), replace(settings, model="my-own-model"))
    assert unknown["input_tokens_counted_by"] is None
    assert unknown["dollars_expected"] is None


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-4", "cl100k_base"),
        ("gpt-4-turbo", "cl100k_base"),
        ("gpt-4o-mini", "o200k_base"),
        ("openai/gpt-4.1", "o200k_base"),
        ("gpt-5-mini", "o200k_base"),
        ("meta-llama/Llama-3.1-8B-Instruct", "llama3"),
        ("qwen3:8b", "qwen3"),
        ("mystery", ""),
    ],
)
def test_tokenizers(model, encoding):
    counter = TokenCounter(model)
    assert counter.encoding == encoding
    assert 3 <= counter.count("Security groups are stateful") <= 9


def test_special_tokens_in_an_answer_are_text_to_the_counter():
    assert TokenCounter("gpt-4o").count("<|endoftext|>") > 1
