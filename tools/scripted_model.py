"""A chat completions endpoint on loopback that judges key points by counting words. It understands nothing."""

import json
import re
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MET, PARTIAL = 0.6, 0.3
"""Shares of a key point's words that an answer has to contain."""
_POINT = re.compile(r"^- ([\w-]+): (.*)$", re.MULTILINE)
_ANSWER = re.compile(r"<(answer-\w+)>\n(.*)\n</\1>", re.DOTALL)
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
_WORD = re.compile(r"[a-z0-9]{4,}")


class ScriptedModel:
    """The server; `url` is its base URL."""

    def __init__(self) -> None:
        """Start it on a free port."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def close(self) -> None:
        """Stop it."""
        self._server.shutdown()
        self._server.server_close()


def judge(prompt: str) -> dict[str, Any]:
    """Return the reply to a rubric prompt: for each key point, the sentence with most of its words."""
    match = _ANSWER.search(prompt)
    answer = match[2] if match else ""
    listed = prompt.split("# Key points", 1)[-1].split("\n# ", 1)[0]
    points = {name: _point(text, answer) for name, text in _POINT.findall(listed)}
    return {"key_points": points, "misconceptions": [], "feedback": "Judged by a script that counts words."}


def _point(text: str, answer: str) -> Mapping[str, str]:
    wanted = set(_WORD.findall(text.lower()))
    sentences = [sentence.strip() for sentence in _SENTENCE.findall(answer) if sentence.strip()] or [""]
    best = max(sentences, key=lambda sentence: len(wanted & set(_WORD.findall(sentence.lower()))))
    share = len(wanted & set(_WORD.findall(best.lower()))) / max(1, len(wanted))
    verdict = "met" if share >= MET else "partial" if share >= PARTIAL else "missing"
    return {"quote": "" if verdict == "missing" else best, "reason": f"{share:.0%} of the words", "verdict": verdict}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        content = json.dumps(judge(body["messages"][-1]["content"]))
        usage = {"prompt_tokens": len(str(body)) // 4, "completion_tokens": len(content) // 4, "total_tokens": 0}
        usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]
        message = {"role": "assistant", "content": content, "refusal": None}
        reply = {
            "id": "scripted",
            "object": "chat.completion",
            "created": 0,
            "model": "scripted",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": usage,
        }
        text = json.dumps(reply).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Stay silent."""
