"""Sets up Hypothesis for the tests of this folder."""

from hypothesis import settings

# No deadline, no database on the disk, and the same examples each time.
settings.register_profile("core", deadline=None, database=None, derandomize=True)
settings.load_profile("core")
