"""Which runtime embeds, and why."""

from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from grader.adapters.embedding_cache import RememberingEmbedder, RememberingReader
from grader.adapters.minilm import minilm_folder
from grader.adapters.onnx.embedder import OnnxEmbedder
from grader.adapters.onnx.model_file import ModelFile, Precision, model_file, reader_file
from grader.adapters.onnx.reader import OnnxInnerReader, OnnxPairReader
from grader.errors import ConfigError
from grader.settings import Settings
from grader.similarity.embedder import Embedder
from grader.similarity.reader import PairReader, Readers

PACKAGED: dict[str, Precision] = {"default": "int8", "minilm-float32": "float32", "minilm-int8": "int8"}
"""The names of the packaged model, and what each computes in. Any other name is left to sentence-transformers."""
EMBEDDINGS_FILE, READINGS_FILE = "embeddings.sqlite", "readings.sqlite"
"""Two files: embeddings are large, and while they are written readings are looked up."""
ADAPTERS = Path(__file__).parent.parent / "adapters" / "onnx"
"""Where the files lie that turn the packaged model into readers; docs/similarity.md says how they were trained."""


class Runtime(NamedTuple):
    """A model, what runs it, and why that."""

    embedder: Embedder
    what: str
    why: str


def make_embedder(settings: Settings) -> Embedder:
    """Return the embedding model that the settings ask for, with its memory of earlier runs. Raises ConfigError."""
    return _with_memory(choose_runtime(settings).embedder, settings)


def choose_runtime(settings: Settings) -> Runtime:
    """Return the runtime for the embedding model that the settings ask for.

    The packaged model runs in ONNX Runtime, every other in sentence-transformers; so does the packaged one where
    ONNX Runtime cannot be used. Raises ConfigError.
    """
    name = settings.embedder
    if name not in PACKAGED:
        return _sentence_transformers(name, settings, f"the embedder {name!r} is not the packaged model")
    weights = minilm_folder(settings.cache_dir)
    precision = PACKAGED[name]
    try:
        files = model_file(weights, settings.cache_dir, precision)
    except ConfigError as exc:
        return _sentence_transformers(weights, settings, str(exc))
    embedder = OnnxEmbedder(weights, files, name=name, threads=settings.threads)
    what = f"ONNX Runtime {version('onnxruntime')} on the CPU, {precision}, {embedder.threads} threads"
    return Runtime(embedder, what, f"it is the fastest for the packaged model; its file is in {files.folder}")


def make_readers(settings: Settings) -> Readers:
    """Return the readers of the default grader. Raises ConfigError."""
    statements, answers = (ADAPTERS / f"{name}.safetensors" for name in Readers._fields)
    return Readers(make_inner_reader(settings, statements), make_reader(settings, answers))


def make_reader(settings: Settings, adapter: Path) -> PairReader:
    """Return the packaged model as a reader of pairs of texts, with this adapter and its memory.

    It computes in what the embedder computes in, and in float32 beside an embedder that is not the packaged model.
    Raises ConfigError.
    """
    weights, files = _reader_file(settings, adapter)
    return _reader_with_memory(OnnxPairReader(weights, files, threads=settings.threads), settings)


def make_inner_reader(settings: Settings, adapter: Path) -> PairReader:
    """Return a reader of pairs that goes on from where the embedder has read each text alone; else as `make_reader`."""
    weights, files = _reader_file(settings, adapter)
    packaged = OnnxEmbedder(
        weights, model_file(weights, settings.cache_dir, _precision(settings)), name="default", threads=settings.threads
    )
    reader = OnnxInnerReader(_with_memory(packaged, settings), files, threads=settings.threads)
    return _reader_with_memory(reader, settings)


def _reader_file(settings: Settings, adapter: Path) -> tuple[Path, ModelFile]:
    weights = minilm_folder(settings.cache_dir)
    return weights, reader_file(weights, adapter, settings.cache_dir, _precision(settings))


def _precision(settings: Settings) -> Precision:
    return PACKAGED.get(settings.embedder, "float32")


def _with_memory(embedder: Embedder, settings: Settings) -> Embedder:
    if not settings.embedding_cache_mb:
        return embedder
    return RememberingEmbedder(embedder, settings.cache_dir / EMBEDDINGS_FILE, settings.embedding_cache_mb)


def _reader_with_memory(reader: PairReader, settings: Settings) -> PairReader:
    if not settings.embedding_cache_mb:
        return reader
    return RememberingReader(reader, settings.cache_dir / READINGS_FILE, settings.embedding_cache_mb)


def _sentence_transformers(model: Path | str, settings: Settings, why: str) -> Runtime:
    from grader.adapters.sentence_transformers import SentenceTransformerEmbedder

    embedder = SentenceTransformerEmbedder(model, name=settings.embedder, threads=settings.threads)
    return Runtime(embedder, f"sentence-transformers {version('sentence-transformers')} on {embedder.device}", why)
