"""The rubric grader with everything that stands behind its ports."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from grader.adapters.batch_files import BatchReplies, write_requests
from grader.adapters.exchanges import ExchangeLog
from grader.adapters.openai_chat import OpenAIChat
from grader.adapters.pace import Pace
from grader.adapters.spending import Ledger, find_price
from grader.adapters.store.replies import NoReplies, StoredReplies, clear_replies, replies_info
from grader.adapters.tokens import TokenCounter
from grader.pipeline.rubric_grader import Asking, RubricGrader
from grader.rubric.chat import ChatModel, ChatRequest, ReplyCache, Usage
from grader.rubric.judge import Judge
from grader.rubric.prompt import load_rubric
from grader.settings import Settings

REPLIES_FILE = "replies.sqlite"
EXCHANGES_FILE = "exchanges.jsonl"

TOKENS_A_KEY_POINT = 55
"""Of a reply, about: id, quote, reason and verdict. Only what `plan` expects hangs on it, never a limit."""
TOKENS_A_REPLY = 70
"""Of a reply, about: the feedback and the braces."""


def make_rubric_grader(settings: Settings, responses: Path | None = None) -> RubricGrader:
    """Return the rubric grader. Raises ConfigError, InputError."""
    rubric = load_rubric(settings.rubric, settings.prompts)
    price = find_price(settings.model, settings.price)
    if responses is not None:
        price = price and price.halved()
    ledger = Ledger(price, settings.budget)
    asking = Asking(settings.model, settings.samples, settings.max_concurrency, settings.reply_tokens, settings.seed)
    judge = Judge(rubric, _chat(settings, ledger, responses), reply_cache(settings, ledger))
    return RubricGrader(judge, asking, settings.base_url, settings.pass_mark, ledger.totals)


def _chat(settings: Settings, ledger: Ledger, responses: Path | None) -> ChatModel:
    if responses is not None:
        return BatchReplies(responses, ledger.book)
    return OpenAIChat(
        settings.base_url,
        settings.api_key,
        pace=Pace(settings.requests_per_minute, settings.tokens_per_minute),
        ledger=ledger,
        counter=TokenCounter(settings.model),
        log=ExchangeLog(settings.data_dir / EXCHANGES_FILE if settings.log_replies else None),
        timeout=settings.timeout,
        attempts=settings.attempts,
    )


def reply_cache(settings: Settings, ledger: Ledger) -> ReplyCache:
    """Return where good replies are kept. Raises InputError."""
    if not settings.cache:
        return NoReplies()
    return StoredReplies(settings.cache_dir / REPLIES_FILE, settings.base_url, ledger.save)


def unkept(requests: Iterable[ChatRequest], settings: Settings) -> Iterator[ChatRequest]:
    """Go through the requests that have to be sent: no reply to them is kept, and equal ones come once."""
    cache = reply_cache(settings, Ledger(None))
    seen: set[str] = set()
    for request in requests:
        if request.digest not in seen and not cache.holds(request):
            seen.add(request.digest)
            yield request


def write_batch(requests: Iterable[ChatRequest], settings: Settings, path: Path) -> int:
    """Write the requests that have to be sent as a batch file; return how many. Raises InputError."""
    return write_requests(unkept(requests, settings), path)


def plan_calls(requests: Iterable[ChatRequest], settings: Settings, *, batch: bool = False) -> dict[str, Any]:
    """Return what these requests would take, sending none: calls, tokens and dollars, as JSON.

    Input tokens are counted where the model's tokenizer is known. What the replies will have nobody knows: an
    expected number from the key points, and the most that the limit allows. Dollars are None without a price.
    """
    counter, price = TokenCounter(settings.model), find_price(settings.model, settings.price)
    if batch:
        price = price and price.halved()
    all_of_them = list(requests)
    left = list(unkept(all_of_them, settings))
    tokens = sum(counter.count_messages(request.messages) for request in left)
    points = sum(len(request.schema["properties"]["key_points"]["properties"]) for request in left)
    calls, expected = len(left), points * TOKENS_A_KEY_POINT + len(left) * TOKENS_A_REPLY
    most = calls * settings.reply_tokens
    return {
        "model": settings.model,
        "calls": calls,
        "calls_saved_by_cache": len(all_of_them) - calls,
        "input_tokens": tokens,
        "input_tokens_counted_by": counter.encoding or None,
        "output_tokens_expected": expected,
        "output_tokens_at_most": most,
        "dollars_expected": None if price is None else round(price.of(Usage(tokens, 0, expected)), 4),
        "dollars_at_most": None if price is None else round(price.of(Usage(tokens, 0, most)), 4),
    }


def kept_replies(settings: Settings) -> Mapping[str, Any]:
    """Return what the cache of replies holds, as JSON."""
    return replies_info(settings.cache_dir / REPLIES_FILE)


def forget_replies(settings: Settings) -> int:
    """Empty the cache of replies; return how many there were."""
    return clear_replies(settings.cache_dir / REPLIES_FILE)
