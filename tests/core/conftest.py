"""Sets up Hypothesis for the tests of this folder, and keeps the outside from the core."""

import sys

from hypothesis import settings

# No deadline, no database on the disk, and the same examples each time.
settings.register_profile("core", deadline=None, database=None, derandomize=True)
settings.load_profile("core")

REFUSED = (
    *("open", "subprocess.Popen", "os.chdir", "os.chmod", "os.exec", "os.fork"),
    *(
        "os.listdir",
        "os.mkdir",
        "os.posix_spawn",
        "os.putenv",
        "os.remove",
        "os.rename",
        "os.rmdir",
    ),
    *(
        "os.rename",
        "os.rmdir",
        "os.scandir",
        "os.symlink",
        "os.system",
        "os.truncate",
        "os.unsetenv",
        "os.utime",
    ),
    *("shutil.copyfile", "shutil.move", "shutil.rmtree", "socket.__new__", "socket.bind"),
    *("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostname"),
)


class _Refused:
    """A key that is asked whether it is the name of an event whenever such an event happens.

    A hook cannot be removed, and one in Python would run in every event of all other tests too;
    the look-up in a dictionary runs none, but where a hash is that of a name.
    """

    def __init__(self, event: str) -> None:
        self._event = event

    def __hash__(self) -> int:
        return hash(self._event)

    def __eq__(self, event: object) -> bool:
        if event == self._event:
            _refuse_the_core_the_outside(self._event)
        return False


def _refuse_the_core_the_outside(event: str) -> None:
    """Refuse files, sockets and processes to whatever the core has called, in every test.

    Importing may read files, and Hypothesis and tracebacks do; the core's functions may not.
    """
    frame = sys._getframe(2)
    while frame is not None:
        code = frame.f_code
        in_core = frame.f_globals.get("__name__", "").startswith("calcom_core")
        if in_core and code.co_name != "<module>":
            raise RuntimeError(f"{code.co_qualname} asked for the outside: {event}")
        frame = frame.f_back


sys.addaudithook({_Refused(event): None for event in REFUSED}.get)
