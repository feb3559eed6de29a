"""A pool of connections to one origin, and the queue of the callers that wait for one.

The queue alone says who has a connection: the first *size* callers in it. Nothing is counted, and
no lock is held across lines. So an exception that a signal handler raises anywhere loses no place:
a caller's lease only has to leave the queue.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Event
from typing import Generic, Protocol, TypeVar


class Connection(Protocol):
    """What the pool needs of a connection."""

    @property
    def is_too_old(self) -> bool:
        """Whether it cannot be used again: idle for too long, new, or amid an exchange."""
        ...

    @property
    def is_connected(self) -> bool:
        """Whether it is open, and nothing has arrived on it."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


C = TypeVar("C", bound=Connection)


class Lease(Generic[C]):
    """A caller's place in the queue of a pool, and the connection that the caller holds."""

    def __init__(self) -> None:
        self.turn = Event()
        self.held: list[C] = []  # one, or none


class FairPool(Generic[C]):
    """A pool of at most *size* connections; callers that find none free wait in order."""

    def __init__(self, create: Callable[[], C], size: int) -> None:
        self._create = create
        self._size = size
        self._queue: dict[Lease[C], None] = {}
        self._idle: list[C] = []
        self.is_closed = False

    @property
    def has_idle(self) -> bool:
        """Whether it keeps a connection that nobody uses."""
        return bool(self._idle)

    def take(self, lease: Lease[C], timeout: float) -> C | None:
        """Wait for the lease's turn, and return a connection that it then holds.

        Returns None if the turn does not come in time, or the pool is closed.
        """
        self._queue[lease] = None
        self._call_first()
        if self.is_closed or not lease.turn.wait(timeout) or self.is_closed:
            return None
        self._close([idle for idle in tuple(self._idle) if idle.is_too_old])
        # Only the connection used last is checked, since that takes a system call.
        while self._hold_idle(lease):
            if lease.held[0].is_connected:
                return lease.held[0]
            lease.held.pop().close()
        lease.held.append(self._create())
        return lease.held[0]

    def release(self, lease: Lease[C]) -> None:
        """End a lease, and keep its connection if that can be used again.

        It can be called again, and goes on where an exception stopped it.
        """
        while lease.held:
            if lease.held[0].is_too_old:
                lease.held.pop().close()
            else:
                self._idle.append(lease.held.pop())
        if self.is_closed:
            self.close_idle()
        self._queue.pop(lease, None)
        self._call_first()

    def close(self) -> None:
        """Close the idle connections, and wake every caller that waits."""
        self.is_closed = True
        for lease in list(self._queue):
            lease.turn.set()
        self.close_idle()

    def close_idle(self) -> None:
        """Close the idle connections."""
        self._close(tuple(self._idle))

    def _call_first(self) -> None:
        for lease in list(self._queue)[: self._size]:
            lease.turn.set()

    def _hold_idle(self, lease: Lease[C]) -> bool:
        try:
            lease.held.append(self._idle.pop())
        except IndexError:
            return False
        return True

    def _close(self, connections: Iterable[C]) -> None:
        for connection in connections:
            with suppress(ValueError):  # another thread took it first
                self._idle.remove(connection)
                connection.close()
