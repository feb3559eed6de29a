"""Cancels the branches of a `Gather` that run on threads.

A thread cannot be interrupted: a branch ends at its next effect, or wakes from its sleep.
"""

from threading import Event
from typing import Self


class BranchCancelled(BaseException):
    """Ends a branch after another one failed; its program is closed, and never gets this."""


class ThreadScope:
    """Cancels the branches of a `Gather`, and their inner branches."""

    def __init__(self, outer: "ThreadScope | None" = None) -> None:
        self._outer = outer
        self._inner: list[ThreadScope] = []
        self._cancelled = Event()

    def __enter__(self) -> Self:
        if self._outer is not None:
            self._outer._inner.append(self)
            # The outer scope may have been cancelled since its last check.
            if self._outer._cancelled.is_set():
                self.cancel()
        return self

    def __exit__(self, *error: object) -> None:
        if self._outer is not None:
            self._outer._inner.remove(self)

    def cancel(self) -> None:
        """Wake all branches that wait, and end each at its next effect."""
        self._cancelled.set()
        for scope in tuple(self._inner):  # other threads change the list
            scope.cancel()

    def check(self) -> None:
        """Raise `BranchCancelled` if the scope was cancelled."""
        if self._cancelled.is_set():
            raise BranchCancelled

    def wait(self, seconds: float) -> None:
        """Sleep; raise `BranchCancelled` as soon as the scope is cancelled."""
        if self._cancelled.wait(seconds):
            raise BranchCancelled
