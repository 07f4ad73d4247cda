import sys
import threading

import pytest

from grader.pipeline.parallel import AHEAD, TURN, in_parallel


def test_everything_is_done_once():
    assert sorted(in_parallel(lambda n: n * n, range(50), 7)) == [(n, n * n) for n in range(50)]
    assert list(in_parallel(str, [], 3)) == []


def test_so_many_at_once_and_no_item_is_taken_early():
    barrier, taken = threading.Barrier(4, timeout=10), []

    def items():
        for n in range(8):
            taken.append(n)
            yield n

    def call(n):
        barrier.wait()  # passes only if four calls are under way together
        return n

    stream = in_parallel(call, items(), 4)
    next(stream)
    assert len(taken) <= 4 * AHEAD + 1
    assert len(list(stream)) == 7


def test_threads_take_short_turns_as_long_as_calls_are_under_way():
    before = sys.getswitchinterval()
    stream = in_parallel(lambda _: sys.getswitchinterval(), range(3), 2)
    assert next(stream)[1] == pytest.approx(TURN)
    stream.close()
    assert sys.getswitchinterval() == before


def test_an_error_ends_the_work_after_what_was_under_way():
    begun = []

    def call(n):
        begun.append(n)
        if n == 3:
            raise ValueError("three")
        return n

    with pytest.raises(ValueError, match="three"):
        list(in_parallel(call, range(1000), 2))
    assert len(begun) < 20
