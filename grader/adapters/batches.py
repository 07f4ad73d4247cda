"""Batches of texts of one length: nothing is padded, and no text's arithmetic depends on its neighbours."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

BATCH_TOKENS = 256
"""Tokens in one forward pass: enough for large products, few enough to stay in a core's caches."""


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Go through the indices of texts of these lengths, in tokens, as batches of one length, longest first."""
    of_length = defaultdict(list)
    for index, length in enumerate(lengths):
        of_length[length].append(index)
    for length in sorted(of_length, reverse=True):
        size = max(1, BATCH_TOKENS // max(length, 1))
        members = of_length[length]
        yield from (members[start : start + size] for start in range(0, len(members), size))
