"""A chat completions endpoint on loopback: what it answers is a plain function of the request."""

import json
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """One HTTP response. A body of None drops the connection in the middle of it."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: str | None = None
    delay: float = 0.0


Script = Callable[[Body, int], Reply]


def completion(content: str | None, finish: str = "stop", refusal: str | None = None, cached: int = 0) -> Reply:
    """A chat completion with this content, of 100 input and 20 output tokens."""
    message = {"role": "assistant", "content": content, "refusal": refusal}
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "total_tokens": 120,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return Reply(
        body={"id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": usage}
    )


def error(status: int, message: str = "no", code: str | None = None, **headers: str) -> Reply:
    """An error as OpenAI words it."""
    body = {"error": {"message": message, "type": "invalid_request_error", "code": code, "param": None}}
    return Reply(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def key_points(body: Body) -> list[str]:
    """The ids in the order of the prompt."""
    listed = body["messages"][1]["content"].split("# Key points\n", 1)[1].split("\n# ", 1)[0]
    return re.findall(r"^- ([\w-]+): ", listed, re.MULTILINE)


def fenced(body: Body) -> str:
    """The answer as the model is shown it."""
    return re.search(r"<(answer-\w+)>\n(.*)\n</\1>", body["messages"][1]["content"], re.DOTALL).group(2)


def judgement(body: Body, verdict: str = "met", quote: str | None = None, **changes: Any) -> str:
    """A reply that gives every key point one verdict, resting on the whole answer."""
    quote = fenced(body) if quote is None else quote
    judged = {"quote": "" if verdict == "missing" else quote, "reason": "because", "verdict": verdict}
    reply = {"key_points": dict.fromkeys(key_points(body), judged), "misconceptions": [], "feedback": "Well. Done."}
    return json.dumps({**reply, **changes})


def all_met(body: Body, _: int) -> Reply:
    """The script of an examiner whom everything pleases."""
    return completion(judgement(body))


class Endpoint:
    """The server. `requests` and `headers` keep what came; `most` is how many requests were under way at once."""

    def __init__(self, script: Script = all_met) -> None:
        self.script = script
        self.requests: list[Body] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with endpoint._lock:
                    number = len(endpoint.requests)
                    endpoint.requests.append(body)
                    endpoint.headers.append({name.lower(): value for name, value in self.headers.items()})
                    endpoint.times.append(time.monotonic())
                    endpoint._now += 1
                    endpoint.most = max(endpoint.most, endpoint._now)
                reply = endpoint.script(body, number)
                time.sleep(reply.delay)
                with endpoint._lock:
                    endpoint._now -= 1
                self._send(reply)

            def _send(self, reply: Reply) -> None:
                text = (json.dumps(reply.body) if reply.raw is None else reply.raw).encode()
                cut = reply.body is None and reply.raw is None
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(text) + 100 if cut else len(text)))
                self.end_headers()
                with suppress(BrokenPipeError, ConnectionResetError):  # a client that waited too long has gone
                    self.wfile.write(text)
                if cut:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        return Handler
