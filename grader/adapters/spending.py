"""Tokens and money: what was spent, what the cache saved, and the budget that nothing may exceed."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Condition
from typing import Any

from grader.errors import BudgetError, ConfigError
from grader.rubric.chat import Usage

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    input: float
    output: float
    cached: float

    def of(self, usage: Usage) -> float:
        """Return what so many tokens cost, in US dollars."""
        fresh = usage.input - usage.cached
        return (fresh * self.input + usage.cached * self.cached + usage.output * self.output) / MILLION

    def halved(self) -> "Price":
        """Return half the price: what batches cost."""
        return Price(self.input / 2, self.output / 2, self.cached / 2)


def find_price(model: str, given: str) -> Price | None:
    """Return the price that the user gave, else the one that genai-prices knows for the model, else None.

    Raises:
        ConfigError: `given` is not two or three numbers.

    """
    if given:
        try:
            numbers = [float(part) for part in given.split(",")]
            return Price(numbers[0], numbers[1], numbers[2] if len(numbers) > 2 else numbers[0])
        except (ValueError, IndexError) as exc:
            raise ConfigError(f"price: expected input,output[,cached input] in dollars, not {given!r}") from exc
    from genai_prices import Usage as Tokens
    from genai_prices import calc_price

    def price(**tokens: int) -> float:
        return float(calc_price(Tokens(**tokens), model.rsplit("/", 1)[-1]).total_price)

    try:
        # A thousand tokens, so that no price for long contexts applies.
        one = price(input_tokens=1000)
        cached = price(input_tokens=1000, cache_read_tokens=1000)
        return Price(one * 1000, price(output_tokens=1000) * 1000, cached * 1000)
    except LookupError:
        return None


class Ledger:
    """What this command has spent. Shared by all workers."""

    def __init__(self, price: Price | None, budget: float = math.inf) -> None:
        """Take the price, None where it is not known, and the budget in US dollars.

        Raises:
            ConfigError: there is a budget and no price to hold it by.

        """
        if price is None and budget < math.inf:
            raise ConfigError(
                "--budget: no price is known for this model; give it with --price input,output (dollars per "
                "million tokens)"
            )
        self.price = price
        self.budget = budget
        self.calls = 0
        self.used = Usage()
        self.cached_calls = 0
        self.saved = Usage()
        self._reserved: list[float] = []
        self._changed = Condition()

    @property
    def spent(self) -> float | None:
        """US dollars; None where no price is known."""
        return None if self.price is None else self.price.of(self.used)

    def reserve(self, most: Usage) -> float:
        """Set aside what a request may cost at most; return it, in US dollars.

        Waits while other requests under way may leave enough.

        Raises:
            BudgetError: what is left of the budget is not enough.

        """
        cost = 0.0 if self.price is None else self.price.of(most)
        with self._changed:
            while (self.spent or 0.0) + sum(self._reserved) + cost > self.budget:
                if not self._reserved:
                    raise BudgetError(
                        f"the budget of ${self.budget:g} is used up: ${self.spent:.4f} spent, and the next request "
                        f"may cost ${cost:.4f}. Everything graded so far is kept; the same command goes on from there"
                    )
                self._changed.wait()
            self._reserved.append(cost)
        return cost

    def settle(self, reserved: float, usage: Usage | None) -> None:
        """Give a reservation back; book what the request used, if it was answered."""
        with self._changed:
            self._reserved.remove(reserved)
            if usage is not None:
                self.calls += 1
                self.used += usage
            self._changed.notify_all()

    def book(self, usage: Usage) -> None:
        """Book a reply that was paid for elsewhere, as in a batch."""
        with self._changed:
            self.calls += 1
            self.used += usage

    def save(self, usage: Usage) -> None:
        """Book a reply that the cache had."""
        with self._changed:
            self.cached_calls += 1
            self.saved += usage

    def totals(self) -> Mapping[str, Any]:
        """Return what was spent and what the cache saved, as JSON; dollars are None where no price is known."""
        return {
            "calls": self.calls,
            "input_tokens": self.used.input,
            "cached_input_tokens": self.used.cached,
            "output_tokens": self.used.output,
            "dollars": _rounded(self.spent),
            "calls_saved_by_cache": self.cached_calls,
            "dollars_saved_by_cache": _rounded(None if self.price is None else self.price.of(self.saved)),
        }


def _rounded(dollars: float | None) -> float | None:
    return None if dollars is None else round(dollars, 6)
