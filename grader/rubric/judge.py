"""Ask a language model for a judgement: from the cache, else by a request, else by one more that names the fault."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from weakref import WeakValueDictionary

from grader.rubric.chat import ChatModel, ChatReply, ChatRequest, Message, ReplyCache, Unanswered
from grader.rubric.prompt import Rubric
from grader.rubric.reply import Judgement, ReplyError, read_reply

NO_TEXT = "(no text)"


class Judge:
    """Gets judgements. May be called from many threads; equal requests are sent once."""

    def __init__(self, rubric: Rubric, chat: ChatModel, cache: ReplyCache) -> None:
        """Take the prompt (for what it says to a faulty reply), the model, and where good replies are kept."""
        self.rubric = rubric
        self.chat = chat
        self.cache = cache
        self._guard = Lock()
        self._under_way: WeakValueDictionary[str, Lock] = WeakValueDictionary()

    def judge(self, request: ChatRequest) -> Judgement | Unanswered:
        """Return the judgement, or why there is none. Raises as `ChatModel.reply`."""
        with self._alone(request.digest):
            kept = self.cache.get(request)
            return self._ask(request) if kept is None else read_reply(kept, request.schema)

    def _ask(self, request: ChatRequest) -> Judgement | Unanswered:
        reply = self.chat.reply(request)
        if isinstance(reply, Unanswered):
            return reply
        try:
            return self._kept(request, reply)
        except ReplyError as exc:
            fault = str(exc)
        said = Message("assistant", reply.text or NO_TEXT)
        again = self.chat.reply(request.followed_by(said, self.rubric.repair_message(fault)))
        if isinstance(again, Unanswered):
            return Unanswered(f"the model's reply cannot be used ({fault}); asked again: {again.reason}")
        try:
            return self._kept(request, again)
        except ReplyError as exc:
            second = "" if str(exc) == fault else f" ({exc})"
            return Unanswered(f"the model's reply cannot be used ({fault}), nor can its second{second}")

    def _kept(self, request: ChatRequest, reply: ChatReply) -> Judgement:
        """Return what a good reply says, and keep it. Raises ReplyError for any other."""
        judgement = read_reply(reply, request.schema)
        self.cache.keep(request, reply)
        return judgement

    @contextmanager
    def _alone(self, digest: str) -> Iterator[None]:
        with self._guard:
            lock = self._under_way.setdefault(digest, Lock())
        with lock:
            yield
