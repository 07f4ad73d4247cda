"""The tokenizer of the packaged model."""

from pathlib import Path
from typing import Any

WINDOW = 256
"""Tokens in a text, or in a pair of texts, as the model was trained."""


def load_tokenizer(weights: Path) -> Any:
    """Return the tokenizer in the model's folder; it cuts at `WINDOW` tokens, the longer text of a pair first."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(weights / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(WINDOW)
    return tokenizer
