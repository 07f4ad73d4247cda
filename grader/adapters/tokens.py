"""Count tokens offline, by the tokenizer of the model where it is known."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from grader.rubric.chat import Message

# How names of models begin, longest first, and the encoding that their tokens are counted by.
ENCODINGS = {
    "gpt-3.5": "cl100k_base",
    "gpt-4-": "cl100k_base",
    "gpt-4.": "o200k_base",
    "gpt-4o": "o200k_base",
    "gpt-5": "o200k_base",
    "gpt-oss": "o200k_harmony",
    "chatgpt-4o": "o200k_base",
    "o1": "o200k_base",
    "o3": "o200k_base",
    "o4": "o200k_base",
    "llama-3": "llama3",
    "llama3": "llama3",
    "meta-llama-3": "llama3",
    "qwen2.5": "qwen3",
    "qwen3": "qwen3",
}
CHARACTERS_PER_TOKEN = 3.5
"""Of an unknown tokenizer; English has 4 to 5, so that this counts rather too many than too few."""
TOKENS_PER_MESSAGE = 4
"""What the chat format adds to each message."""


class TokenCounter:
    """Counts the tokens of a model's requests."""

    def __init__(self, model: str) -> None:
        """Take the model's name, with or without the name of who serves it before a slash."""
        name = model.lower().rsplit("/", 1)[-1]
        self.encoding = "cl100k_base" if name == "gpt-4" else ""
        for start, encoding in ENCODINGS.items():
            if name.startswith(start):
                self.encoding = encoding

    @property
    def exact(self) -> bool:
        """Whether the model's tokenizer is known."""
        return bool(self.encoding)

    def count(self, text: str) -> int:
        """Return the number of tokens of a text: counted, or estimated where the tokenizer is unknown."""
        if not self.encoding:
            return round(len(text) / CHARACTERS_PER_TOKEN)
        return len(self._tokenizer.encode_ordinary(text))

    def count_messages(self, messages: Sequence[Message]) -> int:
        """Return the number of tokens of a conversation."""
        return sum(self.count(message.content) + TOKENS_PER_MESSAGE for message in messages)

    @cached_property
    def _tokenizer(self) -> Any:
        import quicktok

        return quicktok.get_encoding(self.encoding)
