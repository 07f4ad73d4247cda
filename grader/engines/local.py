"""Everything on one machine, in one process."""

from pathlib import Path
from typing import TYPE_CHECKING

from grader.engines.embedding import make_embedder, make_readers
from grader.pipeline.cosine_grader import CosineGrader
from grader.pipeline.finding import Finder
from grader.pipeline.grader import Grader
from grader.pipeline.similarity_grader import SimilarityGrader
from grader.settings import Settings
from grader.similarity.profile import Profile, load_profile

if TYPE_CHECKING:
    from grader.adapters.store.memory import RememberingGrader

MEMORY_FILE = "grades.sqlite"
"""Where, in the cache folder, the eval commands keep what they have graded."""


def make_grader(settings: Settings, responses: Path | None = None) -> Grader:
    """Return the grader that the settings name.

    Args:
        settings: those in force.
        responses: a file with the responses of a batch, where they take the place of a language model.

    Raises:
        ConfigError: a setting, a model, a profile or a prompt cannot be used.
        InputError: the responses or the cache of replies cannot be read.

    """
    if settings.grader == "embedding":
        return make_similarity_grader(settings)
    if settings.grader == "cosine":
        return make_cosine_grader(settings)
    from grader.engines.llm import make_rubric_grader
    from grader.pipeline.second_opinion import CascadeGrader, HybridGrader

    rubric = make_rubric_grader(settings, responses)  # first: it is quick to be wrong
    if settings.grader == "llm":
        return rubric
    pair = HybridGrader if settings.grader == "hybrid" else CascadeGrader
    return pair(make_similarity_grader(settings), rubric)


def make_similarity_grader(settings: Settings) -> SimilarityGrader:
    """Return the default grader. Raises ConfigError."""
    profile = load_profile(settings.profile)  # first: it is quick to be wrong
    return SimilarityGrader(make_finder(settings, profile), profile, settings.pass_mark)


def make_finder(settings: Settings, profile: Profile) -> Finder:
    """Return what finds the features that the profile weighs. Raises ConfigError."""
    return Finder(make_embedder(settings), make_readers(settings), profile)


def make_cosine_grader(settings: Settings) -> CosineGrader:
    """Return the whole-text baseline. Raises ConfigError."""
    return CosineGrader(make_embedder(settings), settings.pass_mark)


def with_memory(grader: Grader, settings: Settings) -> "RememberingGrader":
    """Return the grader with a memory: it goes on where an earlier command was interrupted. Raises InputError."""
    from grader.adapters.store.memory import RememberingGrader

    return RememberingGrader(grader, settings.cache_dir / MEMORY_FILE)
