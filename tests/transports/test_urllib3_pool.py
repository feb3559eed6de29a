"""The queue of the blocking pool: nobody is forgotten, whatever happens to those who wait."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sending import OK, OK_RESPONSE, get
from server import PATIENCE, Server, answering

import calcom_transports.urllib3_pool
from calcom_transports.urllib3 import Urllib3Transport
from calcom_transports.urllib3_pool import FairPool, Lease


class Connection:
    """Stands in for a connection that nobody uses."""

    def __init__(self) -> None:
        self.open = True
        self.is_connected = True
        self.is_too_old = False

    def close(self) -> None:
        self.open = False


Pool = FairPool[Connection]


def pool_of(size: int) -> Pool:
    return FairPool(Connection, size)


def taken(pool: Pool, timeout: float = 0) -> tuple[Lease[Connection], Connection]:
    """Take a connection that there is."""
    lease: Lease[Connection] = Lease()
    connection = pool.take(lease, timeout)
    assert connection is not None
    return lease, connection


def has_none(pool: Pool) -> bool:
    """Tell whether a caller that does not wait gets no connection."""
    lease: Lease[Connection] = Lease()
    try:
        return pool.take(lease, 0) is None
    finally:
        pool.release(lease)


def interrupt_one_wait(monkeypatch: pytest.MonkeyPatch, before: Any = lambda: None) -> None:
    """Let the next wait for a turn, and no later one, end in an interrupt."""
    interrupts = [KeyboardInterrupt]

    class Interrupted(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            if interrupts and not self.is_set():
                error = interrupts.pop()
                before()
                raise error
            return super().wait(timeout)

    monkeypatch.setattr(calcom_transports.urllib3_pool, "Event", Interrupted)


def test_an_interrupted_wait_costs_nobody_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = pool_of(1)
    first, connection = taken(pool)
    interrupt_one_wait(monkeypatch)
    second: Lease[Connection] = Lease()
    with pytest.raises(KeyboardInterrupt):
        pool.take(second, PATIENCE)
    pool.release(second)
    assert has_none(pool)
    pool.release(first)
    assert taken(pool)[1] is connection
    assert has_none(pool)


def test_an_interrupted_call_costs_its_transport_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(answering(OK)) as server, Urllib3Transport(max_connections=1) as transport:
        transport.send(get(server))
        (pool,) = transport._pools.values()
        held: Lease[Any] = Lease()
        pool.take(held, 0)
        interrupt_one_wait(monkeypatch)
        with pytest.raises(KeyboardInterrupt):
            transport.send(get(server))
        pool.release(held)
        assert transport.send(get(server)) == OK_RESPONSE
    assert (len(server.requests), server.connections) == (2, 1)


def test_an_interrupt_after_it_was_served_costs_nobody_a_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool = pool_of(1)
    first, connection = taken(pool)
    interrupt_one_wait(monkeypatch, lambda: pool.release(first))
    second: Lease[Connection] = Lease()
    with pytest.raises(KeyboardInterrupt):
        pool.take(second, PATIENCE)
    pool.release(second)
    assert taken(pool)[1] is connection
    assert has_none(pool)


def test_a_lease_that_ends_twice_gives_back_one_place_and_one_connection() -> None:
    pool = pool_of(2)
    lease, connection = taken(pool)
    pool.release(lease)
    pool.release(lease)
    assert taken(pool)[1] is connection
    assert taken(pool)[1] is not connection
    assert has_none(pool)


def test_a_place_given_back_goes_to_who_waits_longest() -> None:
    pool = pool_of(1)
    first, _ = taken(pool)
    served: list[int] = []

    def wait(number: int) -> None:
        lease, _ = taken(pool, PATIENCE)
        served.append(number)
        pool.release(lease)

    with ThreadPoolExecutor(8) as threads:
        for number in range(8):
            threads.submit(wait, number)
            while len(pool._queue) <= number + 1:
                pass
        pool.release(first)
    assert served == list(range(8))


def test_dropped_connections_are_closed_by_the_next_who_asks() -> None:
    pool = pool_of(3)
    leases, (first, second, third) = zip(*[taken(pool) for _ in range(3)], strict=True)
    for lease in leases:
        pool.release(lease)
    first.is_too_old = True
    third.is_connected = False
    assert taken(pool)[1] is second
    assert [first.open, second.open, third.open] == [False, True, False]
    assert taken(pool)[1] not in (first, second, third)


def test_a_connection_that_another_thread_takes_first_is_not_closed() -> None:
    pool = pool_of(2)
    lease, old = taken(pool)
    pool.release(lease)

    class TakenMeanwhile(Connection):
        @property
        def is_too_old(self) -> bool:
            if self in pool._idle:
                pool._idle.remove(self)
            return True

        @is_too_old.setter
        def is_too_old(self, value: bool) -> None:
            pass

    pool._idle.append(other := TakenMeanwhile())
    assert taken(pool)[1] is old
    assert other.open


def test_closing_lets_those_go_who_wait_and_closes_what_comes_back() -> None:
    pool = pool_of(2)
    first_lease, first = taken(pool)
    idle_lease, idle = taken(pool)
    pool.release(idle_lease)
    with ThreadPoolExecutor(3) as threads:
        third_lease, third = taken(pool)
        waiting = [threads.submit(pool.take, Lease(), PATIENCE) for _ in range(3)]
        while len(pool._queue) < 5:
            pass
        pool.close()
        results = [future.result() for future in waiting]
    assert results == [None, None, None]
    assert (third is idle, first.open, third.open) == (True, True, True)
    pool.release(third_lease)
    pool.release(first_lease)
    assert (first.open, third.open, pool.has_idle) == (False, False, False)
    assert has_none(pool)
    pool.close()
