"""The Batch API: a file of requests goes up, results come down within a day, at half the price."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import openai

from grader.adapters.batch_files import URL
from grader.adapters.openai_chat import CONNECT_SECONDS, endpoint_message
from grader.errors import EndpointError
from grader.settings import Secret

T = TypeVar("T")

RETRIES = 5
ENDED = ("completed", "failed", "expired", "cancelled")


@dataclass(frozen=True, slots=True)
class BatchStatus:
    """How far a batch is."""

    state: str
    """validating, in_progress, finalizing, cancelling, or one of `ENDED`."""
    completed: int
    failed: int
    total: int
    files: tuple[str, ...]
    """Ids of the files with results and with errors."""
    faults: tuple[str, ...]
    """Why the batch as a whole failed."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ENDED


class BatchApi:
    """The batches of one endpoint."""

    def __init__(self, base_url: str, key: Secret, timeout: float) -> None:
        """Take the endpoint and the key for it."""
        self.base_url = base_url
        self._key = key
        self._client = openai.OpenAI(
            base_url=base_url,
            api_key=key.reveal() or "none",
            max_retries=RETRIES,
            timeout=openai.Timeout(timeout, connect=CONNECT_SECONDS),
        )

    def submit(self, requests: Path) -> str:
        """Upload a file of requests and begin a batch; return its id. Raises EndpointError, like all that follow."""

        def send() -> str:
            with requests.open("rb") as stream:
                uploaded = self._client.files.create(file=(requests.name, stream), purpose="batch")
            return self._client.batches.create(input_file_id=uploaded.id, endpoint=URL, completion_window="24h").id

        return self._told(send)

    def status(self, batch: str) -> BatchStatus:
        """Return how far a batch is."""
        found = self._told(lambda: self._client.batches.retrieve(batch))
        counts = found.request_counts
        faults = (found.errors and found.errors.data) or []
        return BatchStatus(
            state=found.status,
            completed=counts.completed if counts else 0,
            failed=counts.failed if counts else 0,
            total=counts.total if counts else 0,
            files=tuple(name for name in (found.output_file_id, found.error_file_id) if name),
            faults=tuple(fault.message or fault.code or "" for fault in faults),
        )

    def download(self, file: str) -> str:
        """Return the text of a file."""
        return self._key.redact(self._told(lambda: self._client.files.content(file).text))

    def cancel(self, batch: str) -> None:
        """Ask to end a batch; what was done of it can be collected."""
        self._told(lambda: self._client.batches.cancel(batch))

    def _told(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except openai.APIStatusError as exc:
            said = self._key.redact(endpoint_message(exc))
            raise EndpointError(f"{self.base_url}: {exc.status_code}: {said}") from exc
        # A malformed reply surfaces as whatever the library trips over.
        except (openai.OpenAIError, OSError, ValueError, TypeError, AttributeError) as exc:
            raise EndpointError(self._key.redact(f"{self.base_url}: no usable reply: {exc.__cause__ or exc}")) from exc
