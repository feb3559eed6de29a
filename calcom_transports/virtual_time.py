"""Time that only sleeps move, for each branch of a program.

A program that is recorded sees the same time as one that is replayed, so that it decides the same.
"""

from threading import Lock

from calcom_core.execution import Branch


class VirtualTime:
    """The time of one run, in seconds from 0; any thread may ask."""

    def __init__(self) -> None:
        # By branch; one without its own has that of the branch around it.
        self._times: dict[Branch, float] = {(): 0.0}
        self._lock = Lock()

    def now(self, branch: Branch) -> float:
        """Return the time in a branch."""
        with self._lock:
            return self._now(branch)

    def sleep(self, seconds: float, branch: Branch) -> None:
        """Move the time of a branch."""
        with self._lock:
            self._times[branch] = self._now(branch) + seconds

    def join(self, branch: Branch) -> None:
        """Set the time of a branch to that of the latest below it, all of which have ended."""
        with self._lock:
            depth = len(branch)
            below = [path for path in self._times if path[:depth] == branch != path]
            times = [self._times.pop(path) for path in below]
            self._times[branch] = max([self._now(branch), *times])

    def _now(self, branch: Branch) -> float:
        while branch not in self._times:
            branch = branch[:-1]
        return self._times[branch]
