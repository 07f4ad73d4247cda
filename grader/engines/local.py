"""Everything on one machine, in one process."""

from grader.adapters.minilm import minilm_folder
from grader.adapters.sentence_transformers import SentenceTransformerEmbedder
from grader.adapters.store.memory import RememberingGrader
from grader.pipeline.cosine_grader import CosineGrader
from grader.pipeline.grader import Grader
from grader.pipeline.similarity_grader import SimilarityGrader
from grader.settings import Settings
from grader.similarity.embedder import Embedder
from grader.similarity.profile import load_profile

MEMORY_FILE = "grades.sqlite"
"""Where, in the cache folder, the eval commands keep what they have graded."""


def make_embedder(settings: Settings) -> Embedder:
    """Return the embedding model that the settings ask for. Raises ConfigError."""
    name = settings.embedder
    model = minilm_folder(settings.cache_dir) if name == "default" else name
    return SentenceTransformerEmbedder(model, name=name, threads=settings.threads)


def make_grader(settings: Settings) -> SimilarityGrader:
    """Return the default grader. Raises ConfigError."""
    profile = load_profile(settings.profile)  # first: it is quick to be wrong
    return SimilarityGrader(make_embedder(settings), profile, settings.pass_mark)


def make_cosine_grader(settings: Settings) -> CosineGrader:
    """Return the whole-text baseline. Raises ConfigError."""
    return CosineGrader(make_embedder(settings), settings.pass_mark)


def with_memory(grader: Grader, settings: Settings) -> RememberingGrader:
    """Return the grader with a memory: it goes on where an earlier command was interrupted. Raises InputError."""
    return RememberingGrader(grader, settings.cache_dir / MEMORY_FILE)
