"""Lets the tests of this folder share their helpers, which importlib's mode alone does not."""

import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

# No deadline, no database on the disk, and the same examples each time.
settings.register_profile("core", deadline=None, database=None, derandomize=True)
settings.load_profile("core")
