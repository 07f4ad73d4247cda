"""A real browser: the installed Chromium, headless, that may ask nothing of the network."""

import shutil

NAMES = ("chromium", "google-chrome")


def find_browser():
    """Return the path of the installed browser."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    assert found, "no Chromium on this machine: `apt-get install chromium` (as .ci/run does), or put one on the PATH"
    return found
