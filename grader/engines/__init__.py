"""Put the parts together and run them: the only place that knows which adapter stands behind a port."""

from grader.engines.local import make_cosine_grader, make_embedder, make_grader, with_memory
from grader.engines.manifest import make_manifest
from grader.engines.reports import STANDARD, RunReport
from grader.engines.run import begin_or_resume, grade_into, open_record, read_record
from grader.engines.sides import grader_side, parse_side, recorded, run_side

__all__ = [
    "STANDARD",
    "RunReport",
    "begin_or_resume",
    "grade_into",
    "grader_side",
    "make_cosine_grader",
    "make_embedder",
    "make_grader",
    "make_manifest",
    "open_record",
    "parse_side",
    "read_record",
    "recorded",
    "run_side",
    "with_memory",
]
