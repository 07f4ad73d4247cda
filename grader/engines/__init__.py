"""Put the parts together and run them: the only place that knows which adapter stands behind a port."""

from grader.engines.local import make_embedder, make_grader

__all__ = ["make_embedder", "make_grader"]
