"""How many calls of a language model the rubric grader keeps going: for tools/bench.py.

`bench_llm.py CALLS SEED` prints JSON; `bench_llm.py serve` is the endpoint, in a process of its own, which takes 0.2 s.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scripted_model import judge

from grader.answers import Answer
from grader.bank.load import load_bank
from grader.engines import make_grader
from grader.settings import load_settings

LATENCY = 0.2
WORKERS = 64
QUESTIONS = 20
BEFORE = 2 * WORKERS
"""Calls that open the connections and are not counted."""


async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.split("content-length:")[1].split("\r\n")[0])
            body = json.loads(await reader.readexactly(length))
            came = time.perf_counter()
            message = {"role": "assistant", "content": json.dumps(judge(body["messages"][-1]["content"]))}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            usage = {"prompt_tokens": 900, "completion_tokens": 300, "total_tokens": 1200}
            completion = {"id": "c", "object": "chat.completion", "created": 0, "model": "m"}
            text = json.dumps({**completion, "choices": [choice], "usage": usage}).encode()
            await asyncio.sleep(LATENCY - (time.perf_counter() - came))
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
            writer.write(b"content-length: %d\r\n\r\n" % len(text) + text)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def serve() -> None:
    """Serve on a free port, which is printed."""
    server = await asyncio.start_server(reply, "127.0.0.1", 0, backlog=4 * WORKERS)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def measure(calls: int, seed: str) -> None:
    """Grade so many answers, each of its own words, and print what that took."""
    server = subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE, text=True)
    try:
        port = server.stdout.readline().strip() if server.stdout else ""
        with tempfile.TemporaryDirectory() as folder:
            flags = {
                "grader": "llm",
                "model": "m",
                "base_url": f"http://127.0.0.1:{port}/v1",
                "max_concurrency": WORKERS,
                "cache_dir": Path(folder),
            }
            settings = load_settings(flags, {"OPENAI_API_KEY": "none"}, Path(folder))
            questions = list(load_bank(settings.bank))[:QUESTIONS]
            answers = [
                Answer(questions[n % QUESTIONS], f"{questions[n % QUESTIONS].reference} {seed}-{n}", f"c{n}", n, n)
                for n in range(BEFORE + calls)
            ]
            grader = make_grader(settings)
            for _ in grader.grade(answers[:BEFORE]):
                pass
            wall, cpu = time.perf_counter(), time.process_time()
            for _ in grader.grade(answers[BEFORE:]):
                pass
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    finally:
        server.kill()
        server.wait()
    told = {"calls": calls, "workers": WORKERS, "latency": LATENCY, "calls_per_second": calls / wall}
    print(json.dumps({**told, "processor_ms_a_call": 1000 * cpu / calls}))


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve())
    else:
        measure(int(sys.argv[1]), sys.argv[2])
