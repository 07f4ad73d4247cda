"""Everything on one machine, in one process."""

from grader.adapters.minilm import minilm_folder
from grader.adapters.sentence_transformers import SentenceTransformerEmbedder
from grader.pipeline.similarity_grader import SimilarityGrader
from grader.settings import Settings
from grader.similarity.embedder import Embedder
from grader.similarity.profile import load_profile


def make_embedder(settings: Settings) -> Embedder:
    """Return the embedding model that the settings ask for. Raises ConfigError."""
    name = settings.embedder
    model = minilm_folder(settings.cache_dir) if name == "default" else name
    return SentenceTransformerEmbedder(model, name=name, threads=settings.threads)


def make_grader(settings: Settings) -> SimilarityGrader:
    """Return the default grader. Raises ConfigError."""
    profile = load_profile(settings.profile)  # first: it is quick to be wrong
    return SimilarityGrader(make_embedder(settings), profile, settings.pass_mark)
