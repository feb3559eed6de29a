"""urllib3's pool with a queue that serves in order, and lets everybody go when it is closed."""

import weakref
from collections import deque
from threading import Event, Lock
from typing import Any

from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import ClosedPoolError, EmptyPoolError
from urllib3.util.connection import is_connection_dropped


class FairPool(HTTPConnectionPool):
    """A pool of at most *maxsize* connections; whoever finds none free waits in line.

    urllib3's own keeps its places in a queue that is replaced by nothing when it is closed, so that
    who waits for a place, or gives one back just then, may wait for ever, or leave it open.
    """

    def __init__(self, host: str, port: int, *, maxsize: int, **options: Any) -> None:
        super().__init__(host, port, **options)
        self._lock = Lock()
        self._over = False
        self._free = maxsize
        self._idle: list[Any] = []
        self._waiting: deque[Event] = deque()
        weakref.finalize(self, _close_all, self._idle)  # where nobody closes it

    def _get_conn(self, timeout: float | None = None) -> Any:
        turn = Event()
        with self._lock:
            if self._over:
                raise ClosedPoolError(self, "is closed")
            if self._free > 0:
                self._free -= 1
                turn.set()
            else:
                self._waiting.append(turn)
        try:
            turn.wait(timeout)
        except BaseException:  # an interrupt; what called this gives back a place in any case
            with self._lock:
                if turn in self._waiting:
                    self._waiting.remove(turn)
                    self._free -= 1
            raise
        with self._lock:
            if self._over:
                raise ClosedPoolError(self, "was closed meanwhile")
            if turn in self._waiting:
                self._waiting.remove(turn)
                raise EmptyPoolError(self, "has no connection that became free")
            connection, dropped = self._take()
        _close_all(dropped)
        return connection or self._new_conn()

    def _take(self) -> tuple[Any, list[Any]]:
        """Return the connection used last that can serve again, and those that cannot.

        Only what is returned is asked whether it is still whole, which takes a system call.
        """
        dropped = []
        while self._idle and self._idle[0].is_too_old:
            dropped.append(self._idle.pop(0))
        while self._idle:
            connection = self._idle.pop()
            if not is_connection_dropped(connection):
                return connection, dropped
            dropped.append(connection)
        return None, dropped

    def _put_conn(self, conn: Any) -> None:
        with self._lock:
            if not self._over:
                if conn is not None:
                    self._idle.append(conn)
                if self._waiting and self._free == 0:
                    self._waiting.popleft().set()
                else:
                    self._free += 1
                return
        if conn is not None:
            conn.close()

    def close(self) -> None:
        """Close the idle connections, and let those go who wait for one."""
        super().close()
        with self._lock:
            self._over = True
            waiting = list(self._waiting)
        _close_all(self._idle)
        for turn in waiting:
            turn.set()


def _close_all(connections: list[Any]) -> None:
    while connections:
        connections.pop().close()
