"""Thousands of exchanges: threads among failures of every kind, and loops that leave nothing."""

import random
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pooling import (
    PATIENT,
    TOO_MUCH,
    RandomFaults,
    blocking_outcome,
    check,
    ending_within,
    on_time,
    open_sockets,
    opened,
    sockets_beyond,
)
from sending import OK, each_transport, settled, tasks_living, under
from server import Server

from calcom_core.errors import NotSent
from calcom_core.http import Request, Response, Timeout
from calcom_transports.urllib3 import Urllib3Transport


@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize("size", [3, 5])
@on_time
def test_a_thousand_failing_calls_in_threads_leave_the_pool_intact(
    size: int, sample: Callable[..., Any], counted: Callable[[str, int], None]
) -> None:
    calls = len(sample(range(35), 10))
    chance = random.Random(size)
    outcomes: dict[str, Any] = {}
    together: list[Any] = []
    lock = threading.Lock()

    def send_all() -> None:
        for _ in range(calls):
            with lock:
                target = f"/{len(outcomes)}"
                outcomes[target] = None
                within = Timeout(chance.choice([0.05, 5]), chance.choice([0.1, 0.2]), 5)
            request = Request("GET", server.url + target)
            outcomes[target] = blocking_outcome(transport, request, within)

    def one(number: int) -> None:
        request = Request("GET", f"{server.url}/together/{number}")
        together.append(blocking_outcome(transport, request, PATIENT))

    before = open_sockets()
    threads = set(threading.enumerate())
    faults = RandomFaults(size, size)
    with Server(faults) as server:
        with Urllib3Transport(max_connections=size, max_body=TOO_MUCH - 1) as transport:
            run_all([threading.Thread(target=send_all) for _ in range(32)])
            assert faults.responses.wait()
            run_all([threading.Thread(target=one, args=(n,)) for n in range(size * 3)])
        assert faults.connections.wait()
        check(outcomes, faults, server)
    assert sockets_beyond(before) == 0
    assert set(threading.enumerate()) <= threads
    assert [response.status for response in together] == [200] * size * 3
    assert {type(outcome) for outcome in outcomes.values()} == {Response, tuple}
    assert (NotSent, "pool") in outcomes.values()
    assert len(outcomes) == 32 * calls
    counted("calls in threads with failures", len(outcomes))


def run_all(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


CLOSING = OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n")


@contextmanager
def light_server(response: bytes, *, once: bool) -> Iterator[str]:
    """Serve one connection after the other, and keep nothing of them; yield the URL."""
    over = False

    def serve() -> None:
        while True:
            connection, _ = listener.accept()
            with connection:
                if over:
                    return
                # A request has no body here, and comes whole.
                while connection.recv(1_000):
                    connection.sendall(response)
                    if once:
                        break

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        port = listener.getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}/"
        finally:
            over = True
            socket.create_connection(("127.0.0.1", port)).close()
            thread.join()


@pytest.mark.exhaustive(sample=1)
@each_transport
@pytest.mark.parametrize(
    ("raw_response", "once", "number"),
    [(OK, False, 10_000), (CLOSING, True, 1_000)],
    ids=["10,000 on one connection", "1,000 connections"],
)
@ending_within(60)
def test_thousands_of_requests_leak_nothing(
    kind: str,
    raw_response: bytes,
    once: bool,
    number: int,
    sample: Callable[..., Any],
    counted: Callable[[str, int], None],
) -> None:
    number = len(sample(range(number), number // 10))

    async def send_all(times: int) -> None:
        for _ in range(times):
            if isinstance(transport, Urllib3Transport):
                response = transport.send(request)
            else:
                response = await transport.send(request)
            assert response.body == b"ok"
        # What they hold now, and not what they held.
        del response

    async def run() -> int:
        nonlocal transport
        async with opened(kind) as transport:
            await send_all(number * 4 // 5)  # for what is kept once, such as caches
            await settled()
            before, tasks = open_sockets(), tasks_living()
            tracemalloc.start()
            try:
                await send_all(number // 5)
                await settled()
                assert sockets_beyond(before) == 0  # which collects garbage
                assert tasks_living() == tasks
                return tracemalloc.get_traced_memory()[0]
            finally:
                tracemalloc.stop()

    transport: Any = None
    with light_server(raw_response, once=once) as url:
        request = Request("GET", url)
        sockets = open_sockets()
        threads = set(threading.enumerate())
        growth = under(kind, run)
        transport = None
        assert sockets_beyond(sockets) == 0
        assert set(threading.enumerate()) <= threads
    # No object is so small that one left by each request would not show.
    assert growth < max(24_000, 16 * number // 5)
    counted(f"requests without leaks: {kind}", number)
