"""Sets up Hypothesis for the tests of this folder, and keeps the outside from the core."""

import sys

from hypothesis import settings

# No deadline, no database on the disk, and the same examples each time.
settings.register_profile("core", deadline=None, database=None, derandomize=True)
settings.load_profile("core")

REFUSED = frozenset({"open", "socket", "subprocess", "os", "shutil"})


def _refuse_the_core_the_outside(event: str, arguments: object) -> None:
    """Refuse files, sockets and processes to whatever the core has called, in every test.

    Importing may read files, and Hypothesis and tracebacks do; the core's functions may not.
    """
    if event.partition(".")[0] not in REFUSED:
        return
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        in_core = frame.f_globals.get("__name__", "").startswith("calcom_core")
        if in_core and code.co_name != "<module>":
            raise RuntimeError(f"{code.co_qualname} asked for the outside: {event} {arguments}")
        frame = frame.f_back


sys.addaudithook(_refuse_the_core_the_outside)
