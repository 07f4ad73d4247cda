import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.engines import make_similarity_grader
from grader.pipeline.finding import Finder
from grader.pipeline.similarity_grader import SimilarityGrader
from grader.settings import load_settings
from tests.fakes import PLAIN_PROFILE, WORD_READERS, WordEmbedder

ROOT = Path(__file__).parent.parent
AIMOCK = ROOT / "tests" / "aimock" / "node_modules" / "@copilotkit" / "aimock"

# A model server written for Node; .ci/run installs it.
collect_ignore = [] if shutil.which("node") and AIMOCK.is_dir() else ["test_aimock.py"]


@pytest.fixture
def word_grader():
    return SimilarityGrader(Finder(WordEmbedder(), WORD_READERS, PLAIN_PROFILE), PLAIN_PROFILE, pass_mark=0.6)


@pytest.fixture(scope="session")
def real_grader():
    return make_similarity_grader(load_settings({}, {}, ROOT))


@pytest.fixture
def run(tmp_path):
    """Run the real command in an empty folder."""

    def command(*arguments, stdin=None, **environment):
        return subprocess.run(
            [sys.executable, "-m", "grader", *map(str, arguments)],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, **environment},
            check=False,
        )

    return command


@pytest.fixture
def run_json(run):
    def command(*arguments, **keywords):
        result = run(*arguments, "--json", **keywords)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    return command
