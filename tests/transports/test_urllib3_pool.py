"""The queue of the blocking pool: nobody is forgotten, whatever happens to those who wait."""

import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sending import OK, OK_RESPONSE, get
from server import PATIENCE, Server, answering
from urllib3.exceptions import ClosedPoolError, EmptyPoolError

import calcom_transports.urllib3_pool
from calcom_transports.urllib3 import Urllib3Transport
from calcom_transports.urllib3_pool import FairPool


class Connection:
    """Stands in for a connection that nobody uses."""

    def __init__(self, *args: object, **options: object) -> None:
        self.open = True
        self.is_connected = True
        self.is_too_old = False

    def close(self) -> None:
        self.open = False


class Pool(FairPool):
    ConnectionCls: Any = Connection


def interrupt_one_wait(monkeypatch: pytest.MonkeyPatch, before: Any = lambda: None) -> None:
    """Let the next wait for a place, and no later one, end in an interrupt."""
    interrupts = [KeyboardInterrupt]

    class Interrupted(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            if interrupts and not self.is_set():
                error = interrupts.pop()
                before()
                raise error
            return super().wait(timeout)

    monkeypatch.setattr(calcom_transports.urllib3_pool, "Event", Interrupted)


def taken_as_urllib3_does(pool: Pool, timeout: float) -> Any:
    """Take a connection, and give back the place where that fails, as `urlopen` does."""
    try:
        return pool._get_conn(timeout)
    except EmptyPoolError:
        raise
    except BaseException:
        pool._put_conn(None)
        raise


def test_an_interrupted_wait_costs_nobody_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool("localhost", 1, maxsize=1)
    first = pool._get_conn(0)
    interrupt_one_wait(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        taken_as_urllib3_does(pool, PATIENCE)
    with pytest.raises(EmptyPoolError):
        taken_as_urllib3_does(pool, 0)
    pool._put_conn(first)
    assert taken_as_urllib3_does(pool, 0) is first
    with pytest.raises(EmptyPoolError):
        taken_as_urllib3_does(pool, 0)


def test_an_interrupted_call_costs_its_transport_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(answering(OK)) as server, Urllib3Transport(max_connections=1) as transport:
        transport.send(get(server))
        (pool,) = transport._pools.values()
        held = pool._get_conn(0)
        interrupt_one_wait(monkeypatch)
        with pytest.raises(KeyboardInterrupt):
            transport.send(get(server))
        pool._put_conn(held)
        assert transport.send(get(server)) == OK_RESPONSE
    assert (len(server.requests), server.connections) == (2, 1)


def test_an_interrupt_after_it_was_served_costs_nobody_a_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool = Pool("localhost", 1, maxsize=1)
    first = pool._get_conn(0)
    interrupt_one_wait(monkeypatch, lambda: pool._put_conn(first))
    with pytest.raises(KeyboardInterrupt):
        taken_as_urllib3_does(pool, PATIENCE)
    assert taken_as_urllib3_does(pool, 0) is first
    with pytest.raises(EmptyPoolError):
        taken_as_urllib3_does(pool, 0)


def test_a_place_given_back_goes_to_who_waits_longest() -> None:
    pool = Pool("localhost", 1, maxsize=1)
    first = pool._get_conn(0)
    served: list[int] = []

    def wait(number: int) -> None:
        connection = pool._get_conn(PATIENCE)
        served.append(number)
        pool._put_conn(connection)

    with ThreadPoolExecutor(8) as threads:
        for number in range(8):
            threads.submit(wait, number)
            while len(pool._waiting) <= number:
                pass
        pool._put_conn(first)
    assert served == list(range(8))


def test_dropped_connections_are_closed_by_the_next_who_asks() -> None:
    pool = Pool("localhost", 1, maxsize=3)
    first, second, third = [pool._get_conn(0) for _ in range(3)]
    first.is_too_old = True
    third.is_connected = False
    for connection in (first, second, third):
        pool._put_conn(connection)
    assert pool._get_conn(0) is second
    assert [first.open, second.open, third.open] == [False, True, False]
    assert pool._get_conn(0) not in (first, second, third)


def test_closing_lets_those_go_who_wait_and_closes_what_comes_back() -> None:
    pool = Pool("localhost", 1, maxsize=2)
    first, idle = pool._get_conn(0), pool._get_conn(0)
    pool._put_conn(idle)
    with ThreadPoolExecutor(3) as threads:
        third = pool._get_conn(0)
        waiting = [threads.submit(pool._get_conn, PATIENCE) for _ in range(3)]
        while len(pool._waiting) < 3:
            pass
        pool.close()
        failures = [type(future.exception()) for future in waiting]
    assert failures == [ClosedPoolError] * 3
    assert (third is idle, first.open, third.open) == (True, True, True)
    pool._put_conn(third)
    pool._put_conn(first)
    pool._put_conn(None)
    assert (first.open, third.open) == (False, False)
    with pytest.raises(ClosedPoolError):
        pool._get_conn(0)
    pool.close()


def test_a_pool_that_is_forgotten_closes_its_idle_connections() -> None:
    pool = Pool("localhost", 1, maxsize=1)
    connection = pool._get_conn(0)
    pool._put_conn(connection)
    del pool
    gc.collect()
    assert not connection.open
