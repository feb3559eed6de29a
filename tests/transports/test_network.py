"""The network transports, against a server on the loopback interface that misbehaves on request.

Every case runs through the blocking transport, trio's and asyncio's, and must end the same way.
"""

import asyncio
import copy
import gc
import gzip
import importlib
import os
import pickle
import socket
import ssl
import sys
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import anyio.to_thread
import pytest
import trio
import trio.testing
import trustme
from anyio import create_task_group
from cancelling import cancelling
from pooling import chunked
from sending import (
    ASYNC,
    NOTHING_SENT,
    OK,
    OK_RESPONSE,
    UNKNOWN,
    UNTOUCHED,
    each_async_transport,
    each_transport,
    exchange,
    failure,
    get,
    post,
    run_python,
    under,
)
from server import (
    PATIENCE,
    Handler,
    NeverAccepting,
    Peer,
    Server,
    dripping,
    responding,
    responding_once,
    stalling,
)
from virtual_loop import run_virtually

import calcom_transports.trio
import calcom_transports.urllib3
import calcom_transports.urllib3_connection
from calcom_core import RetryPolicy
from calcom_core.errors import InvalidInput, NoAnswer, NotSent, TransportError
from calcom_core.http import Headers, Request, Response, Timeout
from calcom_transports import AsyncClient, Client, Recorder, Replay
from calcom_transports.asyncio import AsyncioTransport
from calcom_transports.exchange import idle_limit
from calcom_transports.proxies import Proxies
from calcom_transports.settings import Settings, default_ssl_context
from calcom_transports.trio import TrioTransport
from calcom_transports.urllib3 import Urllib3Transport
from calcom_transports.urls import Origin, Target, split_url


def set_clock(monkeypatch: pytest.MonkeyPatch, clock: SimpleNamespace) -> None:
    for module in (calcom_transports.urllib3, calcom_transports.urllib3_connection):
        monkeypatch.setattr(module, "time", clock)


@each_transport
def test_a_request_is_sent_byte_for_byte_and_its_response_is_complete(kind: str) -> None:
    response = (
        b"HTTP/1.1 404 Not Found\r\nX-One: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2 \r\n"
        b"Content-Length: 3\r\n\r\n\x00\xff!"
    )
    with Server(responding(response)) as server:
        request = Request(
            "PATCH",
            f"{server.url}/v2/a%2fb/%C3%A4/../c;d='e'?x=%zz&y=%2B&z=[1]|2#fragment",
            (
                ("User-Agent", "calcom/1"),
                ("X-Many", "one"),
                ("x-name", "Zo\xeb"),
                ("X-Many", "two"),
            ),
            b'{"a": 1}',
        )
        responses = exchange(kind, request)

    assert responses == [
        Response(
            404,
            (("X-One", "1"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Content-Length", "3")),
            b"\x00\xff!",
        )
    ]
    (wire,) = server.requests
    head, _, body = wire.partition(b"\r\n\r\n")
    first, *fields = head.split(b"\r\n")
    if kind != "urllib3":
        assert first == b"PATCH /v2/a%2fb/%C3%A4/../c;d='e'?x=%zz&y=%2B&z=[1]|2 HTTP/1.1"
    else:  # urllib3 encodes what RFC 3986 does not allow
        assert first == b"PATCH /v2/a%2Fb/%C3%A4/../c;d='e'?x=%25zz&y=%252B&z=%5B1%5D%7C2 HTTP/1.1"
    assert sorted(fields) == [
        b"Accept-Encoding: gzip",
        b"Connection: keep-alive",
        b"Content-Length: 8",
        b"Host: 127.0.0.1:%d" % server.port,
        b"User-Agent: calcom/1",
        b"X-Many: one",
        b"X-Many: two",
        b"x-name: Zo\xeb",
    ]
    assert body == b'{"a": 1}'


@each_transport
def test_the_transport_adds_four_fields_and_no_user_agent(kind: str) -> None:
    with Server(responding(OK)) as server:
        exchange(kind, Request("POST", server.url), Request("DELETE", f"{server.url}?a"))
    added = b"Host: 127.0.0.1:%d\r\nAccept-Encoding: gzip\r\nConnection: keep-alive\r\n"
    added %= server.port
    assert server.requests == [
        b"POST / HTTP/1.1\r\n" + added + b"Content-Length: 0\r\n\r\n",
        b"DELETE /?a HTTP/1.1\r\n" + added + b"\r\n",
    ]


@each_transport
def test_a_connection_is_reused(kind: str) -> None:
    with Server(responding(OK)) as server:
        responses = exchange(kind, get(server), post(server), get(server))
    assert (responses, server.connections) == ([OK_RESPONSE] * 3, 1)


@each_transport
def test_a_connection_closed_while_idle_is_replaced_and_the_request_sent_once(kind: str) -> None:
    with Server(responding_once(OK)) as server:
        responses = exchange(kind, get(server), lambda: server.hung_up.wait(PATIENCE), post(server))
    assert (responses, server.connections) == ([OK_RESPONSE] * 2, 2)
    assert [wire.partition(b" ")[0] for wire in server.requests] == [b"GET", b"POST"]


@each_transport
def test_a_connection_is_not_reused_after_its_keep_alive_timeout(kind: str) -> None:
    response = b"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=0, max=5\r\nContent-Length: 0\r\n\r\n"
    with Server(responding(response)) as server:
        exchange(kind, get(server), get(server))
    assert server.connections == 2


def test_the_blocking_transport_does_not_reuse_a_connection_idle_for_four_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    passed = 0.0
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + passed)
    set_clock(monkeypatch, clock)
    with Server(responding(OK)) as server, Urllib3Transport() as transport:
        transport.send(get(server))
        passed = 3.5
        transport.send(get(server))
        assert server.connections == 1
        passed = 7.6
        transport.send(get(server))
        assert server.connections == 2


def test_the_trio_transport_does_not_reuse_a_connection_idle_for_four_seconds() -> None:
    clock = trio.testing.MockClock()

    async def run() -> None:
        async with TrioTransport() as transport:
            await transport.send(get(server))
            clock.jump(3.9)
            await transport.send(get(server))
            assert server.connections == 1
            clock.jump(4.1)
            await transport.send(get(server))
            assert server.connections == 2

    with Server(responding(OK)) as server:
        trio.run(run, clock=clock)


@pytest.mark.parametrize(
    ("announced", "seconds"),
    [
        ((), 4.0),
        (("timeout=2",), 1.0),
        (("max=100, timeout = 3",), 2.0),
        (('Timeout="1"',), 0.0),
        (("max=1", "timeout=0"), 0.0),
        (("timeout=5",), 4.0),
        (("timeout=60",), 4.0),
        (("timeout=soon",), 4.0),
        (("x-timeout=1",), 4.0),
    ],
)
def test_a_connection_idles_a_second_less_than_announced_and_at_most_four(
    announced: tuple[str, ...], seconds: float
) -> None:
    assert idle_limit(Headers(("Keep-Alive", value) for value in announced), 4.0) == seconds


def test_max_idle_is_how_long_an_idle_connection_is_reused() -> None:
    clock = trio.testing.MockClock()

    async def run(max_idle: float, seconds: float) -> int:
        with Server(responding(OK)) as server:
            async with TrioTransport(max_idle=max_idle) as transport:
                await transport.send(get(server))
                clock.jump(seconds)
                await transport.send(get(server))
            return server.connections

    async def connections() -> list[int]:
        return [await run(60, 59), await run(60, 61), await run(0, 0)]

    assert trio.run(connections, clock=clock) == [1, 2, 2]


@each_transport
def test_bytes_after_a_response_never_become_the_next_response(kind: str) -> None:
    with Server(responding(OK + OK.replace(b"ok", b"no"))) as server:
        responses = exchange(kind, get(server), get(server))
    assert (responses, server.connections) == ([OK_RESPONSE] * 2, 2)


@each_transport
@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nConnection: x\r\nConnection: y, Close\r\nContent-Length: 2\r\n\r\nok",
    ],
)
def test_a_connection_that_the_server_will_close_is_not_reused(kind: str, response: bytes) -> None:
    with Server(responding(response)) as server:
        exchange(kind, get(server), get(server))
    assert server.connections == 2


@each_transport
def test_a_request_may_close_its_connection(kind: str) -> None:
    enclosed = OK.replace(b"\r\n", b"\r\nConnection: enclosed\r\n", 1)
    with Server(responding(enclosed)) as server:
        exchange(kind, get(server), get(server, Connection="x, close"), get(server))
    # http.client looks for "close" in the text.
    assert server.connections == (3 if kind == "urllib3" else 2)


@each_transport
def test_a_response_may_have_many_header_fields(kind: str) -> None:
    many = tuple((f"X-{number}", "x") for number in range(500))
    head = "".join(f"{name}: {value}\r\n" for name, value in (*many, ("Content-Length", "0")))
    with Server(responding(b"HTTP/1.1 200 OK\r\n" + head.encode() + b"\r\n")) as server:
        if kind != "urllib3":
            assert exchange(kind, get(server)) == [Response(200, (*many, ("Content-Length", "0")))]
        else:  # http.client takes 100 at most
            assert failure(kind, get(server))[:2] == (NoAnswer, "protocol")


@each_transport
def test_the_method_connect_is_refused(kind: str) -> None:
    with Server(responding(OK)) as server, pytest.raises(InvalidInput) as caught:
        exchange(kind, Request("CONNECT", server.url))
    assert str(caught.value) == "method: CONNECT is for proxies alone; give the proxy as proxy="
    assert server.connections == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_after_a_fork_no_process_gets_the_responses_of_the_other() -> None:
    def own_target(peer: Peer) -> None:
        while wire := peer.request():
            target = wire.split(b" ")[1]
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(target), target))

    def wrong(name: str) -> int:
        targets = [f"/{name}/{number}" for number in range(30)]
        bodies = [transport.send(get(server, target)).body.decode() for target in targets]
        return sum(body != target for body, target in zip(bodies, targets, strict=True))

    with Server(own_target) as server, Urllib3Transport() as transport:
        transport.send(get(server, "/warm"))
        child = os.fork()
        if child == 0:
            found = 99
            try:
                found = wrong("child")
            finally:
                os._exit(found)
        assert wrong("parent") == 0
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert server.connections == 2


@each_transport
@pytest.mark.parametrize(
    ("raw_response", "status", "body"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", 204, b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, b""),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, b"ok"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 P\r\n\r\n" + OK, 200, b"ok"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
            b"2;a=b\r\nch\r\n5\r\nunked\r\n0\r\nTrailer: 1\r\n\r\n",
            200,
            b"chunked",
        ),
        (b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 1\r\n\r\n1", 200, b"1"),
    ],
)
def test_every_kind_of_response_is_read_to_its_end(
    kind: str, raw_response: bytes, status: int, body: bytes
) -> None:
    with Server(responding(raw_response)) as server:
        if kind == "urllib3" and b" 103 " in raw_response:  # http.client skips 100 alone
            assert failure(kind, get(server))[:2] == (NoAnswer, "protocol")
            return
        responses = exchange(kind, get(server), get(server))
    assert [(response.status, response.body) for response in responses] == [(status, body)] * 2
    assert server.connections == 1


@each_transport
def test_a_response_without_a_length_ends_with_its_connection(kind: str) -> None:
    with Server(responding_once(b"HTTP/1.1 200 OK\r\nX: 1\r\n\r\nto the end")) as server:
        responses = exchange(kind, get(server), get(server))
    assert responses == [Response(200, {"X": "1"}, b"to the end")] * 2
    assert server.connections == 2


@each_transport
def test_a_response_to_head_has_no_body(kind: str) -> None:
    raw_response = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 99\r\n\r\n"
    with Server(responding(raw_response)) as server:
        responses = exchange(kind, Request("HEAD", server.url), Request("HEAD", server.url))
    assert [(response.status, response.body) for response in responses] == [(200, b"")] * 2
    assert server.connections == 1


@each_transport
def test_no_redirect_is_followed(kind: str) -> None:
    response = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
    with Server(responding(response)) as server:
        responses = exchange(kind, get(server))
    assert responses == [Response(302, {"Location": "/elsewhere", "Content-Length": "0"})]
    assert len(server.requests) == 1


@each_transport
def test_a_connection_never_becomes_another_protocol(kind: str) -> None:
    response = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
    with Server(responding_once(response)) as server:
        error = failure(kind, get(server, Connection="upgrade", Upgrade="x"))
    assert error[:2] == (NoAnswer, "protocol")


@each_transport
def test_no_status_is_retried(kind: str) -> None:
    response = b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"
    with Server(responding(response)) as server:
        responses = exchange(kind, get(server))
    assert responses == [Response(503, {"Retry-After": "0", "Content-Length": "0"})]
    assert len(server.requests) == 1


@each_transport
@pytest.mark.parametrize("polite", [True, False], ids=["then reads on", "then resets"])
def test_a_response_before_the_end_of_the_request_is_returned(kind: str, polite: bool) -> None:
    refusal = b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno"

    def refuse(peer: Peer) -> None:
        peer.connection.recv(1_000)
        peer.send(refusal)
        if polite:
            peer.connection.shutdown(socket.SHUT_WR)
            peer.stall()

    with Server(refuse) as server:
        responses = exchange(kind, post(server, bytes(5_000_000)))
    assert [(response.status, response.body) for response in responses] == [(413, b"no")]


@each_transport
def test_a_large_body_is_sent_completely(kind: str) -> None:
    body = bytes(range(256)) * 8_192
    with Server(responding(OK)) as server:
        assert exchange(kind, post(server, body)) == [OK_RESPONSE]
    assert server.requests[0].partition(b"\r\n\r\n")[2] == body


def encoded(body: bytes, coding: str = "gzip") -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n"
        % (coding.encode(), len(body))
        + body
    )


@each_transport
@pytest.mark.parametrize(
    ("raw_response", "body"),
    [
        (encoded(gzip.compress(b"zip" * 9_999, mtime=0)), b"zip" * 9_999),
        (encoded(gzip.compress(b"zip", mtime=0), "X-GZip"), b"zip"),
        (encoded(gzip.compress(b"one", mtime=0) + gzip.compress(b"two", mtime=0)), b"onetwo"),
        (encoded(b""), b""),
        (encoded(b"as is", "identity"), b"as is"),
    ],
)
def test_gzip_is_decoded(kind: str, raw_response: bytes, body: bytes) -> None:
    with Server(responding(raw_response)) as server:
        responses = exchange(kind, get(server), get(server))
    assert [response.body for response in responses] == [body] * 2
    assert server.connections == 1


@pytest.mark.exhaustive(sample=10)
@each_transport
@pytest.mark.parametrize("size", [1, 2, 7, 1_000], ids="chunks of {}".format)
@pytest.mark.parametrize(
    ("tail", "body"),
    [
        (bytes(16), b"one"),
        (b"<!-- c -->", b"one"),
        (bytes(16) + b"<!-- c -->", b"one"),
        (b"\x1f", b"one"),
        (b"\x1f<!-- c -->", b"one"),
        (b"\x8b\x1f", b"one"),
        (b"\0" + gzip.compress(b"two", mtime=0), b"one"),
        (gzip.compress(b"two", mtime=0), b"onetwo"),
        (gzip.compress(b"two", mtime=0) + bytes(16), b"onetwo"),
        (gzip.compress(b"", mtime=0) * 3 + gzip.compress(b"two", mtime=0) + b"\x1f", b"onetwo"),
    ],
    ids=repr,
)
def test_bytes_after_a_gzip_member_are_ignored_unless_they_begin_another(
    kind: str, tail: bytes, body: bytes, size: int
) -> None:
    head = b"Content-Encoding: gzip\r\n"
    raw_response = b"".join(chunked(gzip.compress(b"one", mtime=0) + tail, size, head))
    with Server(responding(raw_response)) as server:
        responses = exchange(kind, get(server), post(server))
    assert [response.body for response in responses] == [body] * 2
    assert server.connections == 1


@each_transport
@pytest.mark.parametrize(
    ("response", "problem"),
    [
        (encoded(b"this is no gzip"), "the response is not valid gzip"),
        (encoded(gzip.compress(b"1", mtime=0) + b"\x1f\x8brest"), "the response is not valid gzip"),
        (encoded(gzip.compress(b"1", mtime=0) * 2)[:-1] + b"x", "the response is not valid gzip"),
        (encoded(gzip.compress(b"1", mtime=0) + b"\x1f\x8b"), "the response ends within its gzip"),
        (encoded(gzip.compress(b"zip", mtime=0)[:-8] + bytes(8)), "the response is not valid gzip"),
        (encoded(gzip.compress(b"zip", mtime=0)[:-1]), "the response ends within its gzip"),
        (encoded(b"\x1f"), "the response ends within its gzip"),
        (encoded(b"br?", "br"), "the response has an encoding that is not accepted"),
        (
            encoded(gzip.compress(b"1", mtime=0), "gzip, gzip"),
            "the response has an encoding that is not accepted",
        ),
    ],
)
def test_a_body_that_cannot_be_decoded_is_no_answer(
    kind: str, response: bytes, problem: str
) -> None:
    with Server(responding(response)) as server:
        error = failure(kind, get(server))
    assert error == (NoAnswer, "protocol", f"GET /v2/x: {problem}; {UNKNOWN}")


@each_transport
@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + bytes(1001),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n"
        + bytes(1001)
        + b"\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + bytes(100_000),
        encoded(gzip.compress(bytes(1001), mtime=0)),
        encoded(gzip.compress(bytes(100_000_000), mtime=0)),
        encoded(gzip.compress(bytes(600), mtime=0) * 2),
        encoded(gzip.compress(b"zip", mtime=0) + bytes(1001)),
        b"".join(
            chunked(gzip.compress(b"", mtime=0) + bytes(1001), 7, b"Content-Encoding: gzip\r\n")
        ),
    ],
    ids=["length", "chunked", "endless", "gzip", "bomb", "members", "tail", "tail in chunks"],
)
def test_a_body_over_the_cap_is_no_answer_and_its_connection_closed(
    kind: str, response: bytes
) -> None:
    with Server(stalling(response)) as server:
        error = failure(kind, get(server), max_body=1000)
        assert server.hung_up.wait(PATIENCE)
    assert error == (
        NoAnswer,
        "too-large",
        "GET /v2/x: the response has more than 1000 bytes; raise max_body, or request less; "
        + UNKNOWN,
    )


@each_transport
def test_a_gzip_bomb_is_not_unpacked(kind: str) -> None:
    with Server(stalling(encoded(gzip.compress(bytes(20_000_000), mtime=0)))) as server:
        tracemalloc.start()
        try:
            error = failure(kind, get(server), max_body=1000)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert error[:2] == (NoAnswer, "too-large")
    assert peak < 5_000_000


@each_transport
@pytest.mark.parametrize(
    "body", [bytes(1000), gzip.compress(bytes(1000), mtime=0)], ids=["plain", "gzip"]
)
def test_a_body_of_exactly_the_cap_is_returned(kind: str, body: bytes) -> None:
    coding = "identity" if len(body) == 1000 else "gzip"
    with Server(responding(encoded(body, coding))) as server:
        (response,) = exchange(kind, get(server), max_body=1000)
    assert response.body == bytes(1000)


@each_transport
def test_a_switch_of_protocols_is_no_answer(kind: str) -> None:
    with Server(stalling(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")) as server:
        error = failure(kind, post(server), within=Timeout(read=1))
        assert server.hung_up.wait(PATIENCE)
    assert error[:2] == (NoAnswer, "protocol")


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno;token: 1\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\rY: b\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"1" * 5_000 + b"\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nok\r\n0\r\n\r\n",
    ],
)
def test_a_malformed_response_is_no_answer_or_read_leniently_over_urllib3(
    response: bytes,
) -> None:
    """tests/conformance/lenient.py lists the differences."""
    not_http(response, "trio")
    with Server(responding_once(response)) as server, suppress(NoAnswer):
        assert exchange("urllib3", post(server))[0].status == 200


@each_transport
@pytest.mark.parametrize(
    "response",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 twohundred\r\n\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
    ],
)
def test_a_response_that_is_not_http_is_no_answer_and_its_connection_closed(
    kind: str, response: bytes
) -> None:
    not_http(response, kind)


def not_http(response: bytes, kind: str) -> None:
    with Server(stalling(response)) as server:
        error = failure(kind, post(server), within=Timeout(read=1))
        assert server.hung_up.wait(PATIENCE)
    assert error == (NoAnswer, "protocol", f"POST /v2/x: the response is not HTTP/1.1; {UNKNOWN}")


@pytest.mark.exhaustive(sample=2)
@each_transport
@pytest.mark.parametrize(
    "raw_response",
    [
        b"HTTP/1.1 200 OK\r\nX-Long: 1\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: 1\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_a_response_cut_short_at_any_byte_is_no_answer(kind: str, raw_response: bytes) -> None:
    def cut(peer: Peer) -> None:
        peer.request()
        peer.send(raw_response[: len(server.requests) - 1])

    with Server(cut) as server:
        errors = {failure(kind, post(server)) for _ in raw_response}
        assert [response.status for response in exchange(kind, post(server))] == [200]
    closed = f"POST /v2/x: the server closed the connection within its response; {UNKNOWN}"
    assert errors == {(NoAnswer, "closed", closed)}
    assert len(server.requests) == len(raw_response) + 1


@each_transport
def test_a_reset_in_place_of_a_response_is_no_answer(kind: str) -> None:
    def reset(peer: Peer) -> None:
        peer.request()
        peer.reset()

    with Server(reset) as server:
        error = failure(kind, post(server))
    assert error == (
        NoAnswer,
        "closed",
        f"POST /v2/x: the connection broke (Connection reset by peer); {UNKNOWN}",
    )


@each_transport
def test_a_refused_connection_means_not_sent(kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = failure(kind, Request("POST", f"http://127.0.0.1:{port}/v2/x?q=1"))
    said = "Connection refused"
    if kind == "trio":
        said = f"Error connecting to ('127.0.0.1', {port}): Connection refused"
    assert error == (
        NotSent,
        "refused",
        f"POST /v2/x: cannot connect to 127.0.0.1:{port} ({said}); {UNTOUCHED}",
    )


def looked_up(kind: str, code: int, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the outcome of a request whose name lookup fails with that code."""

    def look_up(*args: object, **kwargs: object) -> list[object]:
        raise socket.gaierror(code, "said by the resolver")

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)
        return failure(kind, Request("GET", "https://nowhere.invalid/v2/x"))


@each_transport
@pytest.mark.parametrize("name", ["EAI_NONAME", "EAI_NODATA", "EAI_FAIL", "EAI_ADDRFAMILY"])
def test_a_host_without_an_address_has_a_reason_of_its_own(
    kind: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert looked_up(kind, getattr(socket, name), monkeypatch) == (
        NotSent,
        "host",
        "GET /v2/x: nowhere.invalid:443 has no address (said by the resolver); check its name; "
        + NOTHING_SENT,
    )


@each_transport
@pytest.mark.parametrize("name", ["EAI_AGAIN", "EAI_MEMORY", "EAI_SYSTEM"])
def test_a_temporary_failure_of_the_resolver_is_safe_to_retry(
    kind: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert looked_up(kind, getattr(socket, name), monkeypatch) == (
        NotSent,
        "connect",
        f"GET /v2/x: cannot connect to nowhere.invalid:443 (said by the resolver); {UNTOUCHED}",
    )


def test_an_empty_list_of_addresses_means_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: [])
    error = failure("urllib3", Request("GET", "https://nowhere.invalid/v2/x"))
    assert error == (
        NotSent,
        "host",
        "GET /v2/x: nowhere.invalid:443 has no address (the resolver found none); check its name; "
        + NOTHING_SENT,
    )


def test_the_time_of_the_name_lookup_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    passed = 0.0

    def look_up(*args: object, **kwargs: object) -> list[object]:
        nonlocal passed
        passed = 10.0
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 1))]

    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + passed)
    set_clock(monkeypatch, clock)
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    error = failure("urllib3", Request("GET", "https://slow.invalid/v2/x"))
    assert error == (
        NotSent,
        "timeout",
        "GET /v2/x: no connection to slow.invalid:443 within 10 s (Timeout.connect); " + UNTOUCHED,
    )


short_timeouts = pytest.mark.parametrize(
    ("timeout", "limit"),
    [
        (Timeout(connect=0.1), "0.1 s (Timeout.connect)"),
        (Timeout(total=0.1), "0.1 s (Timeout.total)"),
    ],
)


@pytest.mark.exhaustive(sample=2)
@each_transport
@short_timeouts
def test_a_connection_that_never_opens_means_not_sent(
    kind: str, timeout: Timeout, limit: str
) -> None:
    with NeverAccepting() as silent:
        host, port = silent.address
        error = failure(kind, Request("GET", f"http://{host}:{port}/v2/x"), within=timeout)
    expected = f"GET /v2/x: no connection to {host}:{port} within {limit}; {UNTOUCHED}"
    assert error == (NotSent, "timeout", expected)


@pytest.mark.exhaustive(sample=2)
@each_transport
@short_timeouts
def test_a_tls_handshake_that_never_ends_means_not_sent(
    kind: str, timeout: Timeout, limit: str
) -> None:
    with Server(Peer.stall) as server:
        request = Request("POST", f"https://localhost:{server.port}/v2/x")
        error = failure(kind, request, within=timeout)
        assert server.hung_up.wait(PATIENCE)
    expected = f"POST /v2/x: no connection to localhost:{server.port} within {limit}; {UNTOUCHED}"
    assert error == (NotSent, "timeout", expected)


@each_transport
def test_a_timeout_that_passes_at_once_means_not_sent(kind: str) -> None:
    with Server(responding(OK)) as server:
        assert failure(kind, post(server), within=Timeout(total=1e-9))[0] is NotSent
    assert server.requests == []


def test_a_tls_handshake_has_the_time_that_other_addresses_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Server(Peer.stall) as server:
        address = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", server.port))
        began = time.monotonic()
        with monkeypatch.context() as patch:
            patch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: [address] * 4)
            request = Request("GET", "https://localhost/")
            error = failure("urllib3", request, within=Timeout(connect=0.2))
    assert error[:2] == (NotSent, "timeout")
    assert time.monotonic() - began >= 0.2


@pytest.mark.exhaustive(sample=2)
@each_transport
@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", OK[:-1]])
def test_a_silent_server_ends_with_its_timeout(kind: str, start: bytes) -> None:
    with Server(stalling(start)) as server:
        error = failure(kind, post(server), within=Timeout(read=0.1))
        assert server.hung_up.wait(PATIENCE)
    assert error == (
        NoAnswer,
        "timeout",
        f"POST /v2/x: nothing arrived for 0.1 s (Timeout.read); {UNKNOWN}",
    )


@pytest.mark.exhaustive(sample=1)
@each_transport
@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + bytes(1000),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 1000,
        b"HTTP/1.1 102 Processing\r\n\r\n" * 1000,
    ],
    ids=["head", "body", "chunks", "interim"],
)
def test_a_dripping_response_ends_with_the_total_timeout(kind: str, response: bytes) -> None:
    began = time.monotonic()
    with Server(dripping(response)) as server:
        error = failure(kind, post(server), within=Timeout(read=5, total=0.2))
        assert server.hung_up.wait(PATIENCE)
    assert error == (
        NoAnswer,
        "timeout",
        f"POST /v2/x: no complete response within 0.2 s (Timeout.total); {UNKNOWN}",
    )
    assert time.monotonic() - began < 2


@pytest.mark.exhaustive(sample=1)
@each_transport
def test_a_server_that_does_not_read_ends_with_the_total_timeout(kind: str) -> None:
    def deaf(peer: Peer) -> None:
        server.over.wait(PATIENCE)

    began = time.monotonic()
    with Server(deaf) as server:
        error = failure(
            kind, post(server, bytes(20_000_000)), within=Timeout(connect=0.2, total=0.3)
        )
    assert error == (
        NoAnswer,
        "timeout",
        f"POST /v2/x: no complete response within 0.3 s (Timeout.total); {UNKNOWN}",
    )
    assert time.monotonic() - began < 2


@each_transport
def test_the_timeout_of_the_transport_is_the_default(kind: str) -> None:
    with Server(stalling()) as server:
        error = failure(kind, get(server), timeout=Timeout(read=0.05))
    assert error[:2] == (NoAnswer, "timeout")


@each_transport
def test_a_server_with_a_trusted_certificate_responds(
    kind: str, certified: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    with Server(responding(OK), tls=certified) as server:
        responses = exchange(kind, get(server), post(server), ssl_context=trusting)
    assert (responses, server.connections) == ([OK_RESPONSE] * 2, 1)
    assert server.requests[0] == (
        b"GET /v2/x?q=1 HTTP/1.1\r\nHost: localhost:%d\r\n"
        b"Accept-Encoding: gzip\r\nConnection: keep-alive\r\n\r\n" % server.port
    )


@each_transport
def test_servers_are_verified_against_the_trust_store_of_the_operating_system(
    kind: str,
    authority: trustme.CA,
    certified: ssl.SSLContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    protocols = []

    def handler(peer: Peer) -> None:
        assert isinstance(peer.connection, ssl.SSLSocket)
        protocols.append(peer.connection.selected_alpn_protocol())
        responding(OK)(peer)

    authority.cert_pem.write_to_path(str(tmp_path / "authorities.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authorities.pem"))
    certified.set_alpn_protocols(["h2", "http/1.1"])
    default_ssl_context.cache_clear()
    try:
        with Server(handler, tls=certified) as server:
            assert exchange(kind, get(server)) == [OK_RESPONSE]
    finally:
        default_ssl_context.cache_clear()  # it has cached the authorities of this test
    assert protocols == ["http/1.1"]


@each_transport
@pytest.mark.parametrize(
    ("host", "trusted", "problem"),
    [
        ("127.0.0.1", True, "IP address mismatch"),
        ("localhost", False, "unable to get local issuer certificate"),
    ],
    ids=["wrong host", "unknown authority"],
)
def test_an_untrusted_server_receives_nothing(
    kind: str,
    host: str,
    trusted: bool,
    problem: str,
    certified: ssl.SSLContext,
    trusting: ssl.SSLContext,
) -> None:
    with Server(responding(OK), tls=certified) as server:
        request = Request("POST", f"https://{host}:{server.port}/v2/x", (), b"secret")
        error, reason, said = failure(kind, request, ssl_context=trusting if trusted else None)
    assert (error, reason) == (NotSent, "tls")
    assert said.startswith(f"POST /v2/x: no TLS with {host}:{server.port} (")
    assert problem in said
    assert server.requests == []


@each_transport
@pytest.mark.parametrize("mode", [ssl.CERT_NONE, ssl.CERT_OPTIONAL, ssl.CERT_REQUIRED])
def test_a_context_that_leaves_certificates_or_names_unchecked_is_refused(
    kind: str, mode: ssl.VerifyMode, trusting: ssl.SSLContext
) -> None:
    trusting.check_hostname = False
    trusting.verify_mode = mode
    if mode is ssl.CERT_OPTIONAL:
        trusting.check_hostname = True
    with pytest.raises(InvalidInput) as caught:
        exchange(kind, ssl_context=trusting)
    assert str(caught.value) == (
        "ssl_context: must verify certificates and host names, or credentials may go to anybody; "
        "load_verify_locations() makes it trust a certificate of your own"
    )


@each_transport
def test_a_context_that_is_weakened_later_is_refused(
    kind: str, certified: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    def change() -> None:
        trusting.check_hostname = False

    refused = pytest.raises(InvalidInput, match="ssl_context: must verify")
    with Server(responding_once(OK), tls=certified) as server, refused:
        exchange(kind, get(server), change, get(server), ssl_context=trusting)
    assert len(server.requests) == 1


@each_transport
def test_a_server_that_chooses_another_protocol_receives_nothing(
    kind: str, authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    """Over urllib3 the server cannot choose: it offers only HTTP/1.1, whatever the context says."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    trusting.set_alpn_protocols(["h2", "http/1.1"])
    with Server(responding(OK), tls=context) as server:
        if kind == "urllib3":
            assert exchange(kind, get(server), ssl_context=trusting) == [OK_RESPONSE]
            return
        found = failure(kind, post(server), ssl_context=trusting)
    assert server.requests == []
    assert found == (
        NotSent,
        "tls",
        f"POST /v2/x: localhost:{server.port} uses h2 instead of HTTP/1.1; ssl_context "
        f"should not offer it (ALPN); {NOTHING_SENT}",
    )


@each_transport
def test_a_server_without_tls_receives_nothing(kind: str) -> None:
    with Server(lambda peer: peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
        request = Request("POST", f"https://localhost:{server.port}/v2/x")
        error, reason, _ = failure(kind, request)
    assert (error, reason) == (NotSent, "tls")


@each_transport
def test_a_tls_error_within_the_response_is_no_answer(
    kind: str, certified: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    def break_off(peer: Peer) -> None:
        peer.request()
        peer.send(OK[:-1])
        raw = socket.socket(fileno=socket.dup(peer.connection.fileno()))
        with raw:
            raw.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))  # an invalid record
        peer.stall()

    with Server(break_off, tls=certified) as server:
        error, reason, _ = failure(kind, get(server), ssl_context=trusting)
    assert (error, reason) == (NoAnswer, "tls")


@each_transport
def test_a_tls_connection_cut_within_the_response_is_no_answer(
    kind: str, certified: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    with Server(responding_once(OK[:-1]), tls=certified) as server:
        error, reason, _ = failure(kind, get(server), ssl_context=trusting)
    assert (error, reason) == (NoAnswer, "closed")


@each_transport
@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (
            "http://api.cal.com/v2/x?apiKey=1",
            "is http:// to api.cal.com, which would send credentials unencrypted; "
            "use https://, or give the transport allow_http=True",
        ),
        (
            "http://x.localhost/",  # a name that may resolve to another machine
            "is http:// to x.localhost, which would send credentials unencrypted; "
            "use https://, or give the transport allow_http=True",
        ),
        *(
            (url, "names a host that is neither a name nor an IP address")
            for url in ("http://x[::1]:1/", "http://[::1]x:1/", "http://evil.com[::1]:1/")
        ),
        (
            "http://localhost.example.com/",
            "is http:// to localhost.example.com, which would send credentials unencrypted; "
            "use https://, or give the transport allow_http=True",
        ),
        ("ftp://localhost/", "must start with https://"),
        ("/v2/x", "must start with https://"),
        ("https:///v2/x", "names no host; write https://host/path"),
        ("https://key:secret@localhost/", "holds credentials; send them in a header"),
        ("https://a..b/", "names a host that is neither a name nor an IP address"),
        ("https://a\\b/", "names a host that is neither a name nor an IP address"),
        ("https://[v1.a:b]/", "names a host that is neither a name nor an IP address"),
        ("https://[::1%25eth0]/", "names a host that is neither a name nor an IP address"),
        (
            "https://localhost:70000/",
            "has an invalid host or port; write https://host/path",
        ),
    ],
)
def test_a_forbidden_url_is_refused(kind: str, url: str, problem: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        exchange(kind, Request("GET", url))
    assert (caught.value.field, str(caught.value)) == ("url", f"url: {problem}")


@each_transport
def test_plain_http_to_another_host_is_sent_if_it_is_allowed(kind: str) -> None:
    # The resolver takes 127.1 for this machine, but its form does not show that.
    with Server(responding(OK)) as server:
        request = Request("GET", f"http://127.1:{server.port}/")
        assert exchange(kind, request, allow_http=True) == [OK_RESPONSE]
        with pytest.raises(InvalidInput):
            exchange(kind, request)
    assert server.connections == 1


@pytest.mark.parametrize(
    ("url", "target"),
    [
        (
            "https://api.cal.com/v2/bookings?take=1#top",
            Target(Origin("https", "api.cal.com", 443), "api.cal.com", "/v2/bookings?take=1"),
        ),
        (
            "HTTPS://API.Cal.com:8443",
            Target(Origin("https", "api.cal.com", 8443), "API.Cal.com:8443", "/"),
        ),
        ("http://localhost?", Target(Origin("http", "localhost", 80), "localhost", "/?")),
        (
            "http://localhost./",
            Target(Origin("http", "localhost.", 80), "localhost.", "/"),
        ),
        ("http://127.9.9.9:0/", Target(Origin("http", "127.9.9.9", 0), "127.9.9.9:0", "/")),
        ("http://[::1]:80/a//b", Target(Origin("http", "::1", 80), "[::1]:80", "/a//b")),
    ],
)
def test_a_url_is_parsed_into_its_target(url: str, target: Target) -> None:
    assert split_url(url, allow_http=False) == target


@each_transport
@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (
            Request("GET", "https://localhost/", {"Host": "x"}),
            "headers['Host']: is set by the transport; leave it out",
        ),
        (
            Request("GET", "https://localhost/", {"transfer-encoding": "chunked"}),
            "headers['transfer-encoding']: is set by the transport; leave it out",
        ),
        (
            Request("GET", "https://localhost/", {"X": "\x0b"}),
            "headers['X']: holds a control character",
        ),
        (
            Request("GET", "https://localhost/", {"A": "b", "X": "€"}),
            "headers['X']: holds a character outside Latin-1; encode it first",
        ),
    ],
)
def test_a_request_that_http_cannot_express_is_refused(
    kind: str, request_: Request, problem: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        exchange(kind, request_)
    assert str(caught.value) == problem


@each_transport
@pytest.mark.parametrize("option", ["max_connections", "max_body"])
def test_a_limit_below_one_is_refused(kind: str, option: str) -> None:
    options: dict[str, Any] = {option: 0}
    with pytest.raises(InvalidInput) as caught:
        exchange(kind, **options)
    assert str(caught.value) == f"{option}: must be at least 1"


def busy(server: Server, limit: str) -> tuple[type[TransportError], str, str]:
    return (
        NotSent,
        "pool",
        f"POST /v2/x: no connection to 127.0.0.1:{server.port} became free within {limit}; "
        f"raise max_connections, or the timeout; {UNTOUCHED}",
    )


def test_a_thread_that_finds_every_connection_busy_sends_nothing() -> None:
    released = threading.Event()

    def hold(peer: Peer) -> None:
        while peer.request():
            released.wait(PATIENCE)
            peer.send(OK)

    with (
        Server(hold) as server,
        Urllib3Transport(max_connections=1) as transport,
        ThreadPoolExecutor() as threads,
    ):
        first = threads.submit(transport.send, get(server))
        assert server.requested.wait(PATIENCE)
        with pytest.raises(NotSent) as caught:
            transport.send(post(server), Timeout(connect=0.1))
        released.set()
        assert first.result() == OK_RESPONSE
        assert transport.send(get(server)) == OK_RESPONSE
    error = caught.value
    assert (type(error), error.reason, str(error)) == busy(server, "0.1 s (Timeout.connect)")
    assert (len(server.requests), server.connections) == (2, 1)


@each_async_transport
def test_a_task_that_finds_every_connection_busy_sends_nothing(kind: str) -> None:
    released = threading.Event()

    def hold(peer: Peer) -> None:
        while peer.request():
            released.wait(PATIENCE)
            peer.send(OK)

    async def run() -> TransportError:
        async with ASYNC[kind](max_connections=1) as transport, create_task_group() as nursery:
            nursery.start_soon(transport.send, get(server))
            await anyio.to_thread.run_sync(server.requested.wait, PATIENCE)
            with pytest.raises(NotSent) as caught:
                await transport.send(post(server), Timeout(total=0.1))
            released.set()
            assert await transport.send(get(server)) == OK_RESPONSE
            return caught.value

    with Server(hold) as server:
        error = under(kind, run)
    assert (type(error), error.reason, str(error)) == busy(server, "0.1 s (Timeout.total)")
    assert (len(server.requests), server.connections) == (2, 1)


def together(number: int) -> Handler:
    """Respond once that many requests are waiting for their responses."""
    barrier = threading.Barrier(number)

    def handler(peer: Peer) -> None:
        while peer.request():
            barrier.wait(PATIENCE)
            peer.send(OK)

    return handler


def test_threads_share_one_transport() -> None:
    with (
        Server(together(3)) as server,
        Urllib3Transport(max_connections=3) as transport,
        ThreadPoolExecutor(8) as threads,
    ):
        responses = list(threads.map(transport.send, [get(server)] * 60))
    assert responses == [OK_RESPONSE] * 60
    assert (len(server.requests), server.connections) == (60, 3)


@each_async_transport
def test_tasks_share_one_transport(kind: str) -> None:
    responses: list[Response] = []

    async def run() -> None:
        async with ASYNC[kind](max_connections=3) as transport:

            async def one() -> None:
                responses.append(await transport.send(get(server)))

            async with create_task_group() as nursery:
                for _ in range(60):
                    nursery.start_soon(one)

    with Server(together(3)) as server:
        under(kind, run)
    assert responses == [OK_RESPONSE] * 60
    assert (len(server.requests), server.connections) == (60, 3)


def faltering(peer: Peer) -> None:
    """Send too long a response to the second request, none to the fourth, and OK to the others."""
    while peer.request():
        number = len(peer.server.requests)
        if number == 2:
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + bytes(200_000))
        elif number == 4:
            peer.stall()
        else:
            peer.send(OK)


def test_a_failed_exchange_closes_its_connection_and_frees_its_place_for_a_thread() -> None:
    with (
        Server(faltering) as server,
        Urllib3Transport(max_connections=1, max_body=1000) as transport,
    ):
        assert transport.send(get(server)) == OK_RESPONSE
        with pytest.raises(NoAnswer):
            transport.send(get(server))
        assert transport.send(get(server), Timeout(connect=1)) == OK_RESPONSE
        with pytest.raises(NoAnswer):
            transport.send(get(server), Timeout(read=0.05))
        assert transport.send(get(server), Timeout(connect=1)) == OK_RESPONSE
        assert server.connections == 3


@each_async_transport
def test_a_failed_exchange_closes_its_connection_and_frees_its_place_for_a_task(kind: str) -> None:
    async def run() -> None:
        async with ASYNC[kind](max_connections=1, max_body=1000) as transport:
            assert await transport.send(get(server)) == OK_RESPONSE
            with pytest.raises(NoAnswer):
                await transport.send(get(server))
            assert await transport.send(get(server), Timeout(connect=1)) == OK_RESPONSE
            with pytest.raises(NoAnswer):
                await transport.send(get(server), Timeout(read=0.05))
            assert await transport.send(get(server), Timeout(connect=1)) == OK_RESPONSE
            assert server.connections == 3

    with Server(faltering) as server:
        under(kind, run)


@each_transport
def test_no_query_is_logged(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with Server(responding(OK)) as server:
        exchange(kind, get(server, "/v2/x?attendeeEmail=ada@example.com"))
    logged = {record.name for record in caplog.records if "example.com" in record.getMessage()}
    # urllib3 logs each target itself, at level DEBUG.
    assert logged == ({"urllib3.connectionpool"} if kind == "urllib3" else set())


CLOSED = (
    "GET /v2/x: the transport is closed; create a new client, or call it before its `with` block "
    "ends; nothing was sent"
)


def test_a_closed_blocking_transport_sends_nothing_and_has_no_socket_open() -> None:
    with Server(responding(OK)) as server:
        with Urllib3Transport() as transport:
            transport.send(get(server))
            assert not server.hung_up.is_set()
        assert server.hung_up.wait(PATIENCE)
        transport.close()
        with pytest.raises(NotSent, match=CLOSED) as caught:
            transport.send(get(server))
    assert caught.value.reason == "transport-closed"
    assert server.connections == 1


@each_async_transport
def test_a_closed_async_transport_sends_nothing_and_has_no_socket_open(kind: str) -> None:
    async def run() -> None:
        async with ASYNC[kind]() as transport:
            await transport.send(get(server))
            assert not server.hung_up.is_set()
        assert server.hung_up.wait(PATIENCE)
        await transport.aclose()
        with pytest.raises(NotSent, match=CLOSED) as caught:
            await transport.send(get(server))
        assert caught.value.reason == "transport-closed"

    with Server(responding(OK)) as server:
        under(kind, run)
    assert server.connections == 1


def called_after_close(kind: str) -> NotSent:
    """Return the error of a call by a client that is closed."""
    retry = RetryPolicy(attempts=4, base=0, cap=0)
    if kind == "urllib3":
        client = Client("cal_test_key", retry=retry)
        client.close()
        with pytest.raises(NotSent) as caught:
            client.slots.delete_reservation("r7")
        return caught.value

    async def run() -> NotSent:
        client = AsyncClient("cal_test_key", retry=retry)
        await client.aclose()
        with pytest.raises(NotSent) as caught:
            await client.slots.delete_reservation("r7")
        return caught.value

    return under(kind, run)


@each_transport
def test_a_closed_client_says_what_to_do(kind: str) -> None:
    error = called_after_close(kind)
    assert (error.reason, error.args) == (
        "transport-closed",
        (CLOSED.replace("GET /v2/x", "DELETE /v2/slots/reservations/r7"),),
    )


@each_transport
def test_a_closed_client_tries_once(kind: str) -> None:
    assert called_after_close(kind).attempts == 1


def test_a_blocking_transport_closed_during_an_exchange_closes_that_connection_after_it() -> None:
    released = threading.Event()

    def hold(peer: Peer) -> None:
        peer.request()
        released.wait(PATIENCE)
        peer.send(OK)
        peer.stall()

    with Server(hold) as server, ThreadPoolExecutor() as threads:
        transport = Urllib3Transport()
        pending = threads.submit(transport.send, get(server))
        assert server.requested.wait(PATIENCE)
        transport.close()
        released.set()
        assert pending.result() == OK_RESPONSE
        assert server.hung_up.wait(PATIENCE)


def test_a_blocking_transport_closed_just_before_it_sends_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    readings = []

    def monotonic() -> float:
        readings.append(time.monotonic())
        if len(readings) == 2:  # the pool is chosen, but not yet used
            transport.close()
        return readings[-1]

    set_clock(monkeypatch, SimpleNamespace(monotonic=monotonic))
    with Server(responding(OK)) as server:
        transport = Urllib3Transport()
        with pytest.raises(NotSent, match=CLOSED):
            transport.send(get(server))
    assert server.connections == 0


@each_async_transport
def test_an_async_transport_closed_during_an_exchange_closes_that_connection_after_it(
    kind: str,
) -> None:
    released = threading.Event()

    def hold(peer: Peer) -> None:
        peer.request()
        released.wait(PATIENCE)
        peer.send(OK)
        peer.stall()

    async def run() -> None:
        transport = ASYNC[kind]()
        async with create_task_group() as nursery:
            nursery.start_soon(transport.send, get(server))
            await anyio.to_thread.run_sync(server.requested.wait, PATIENCE)
            await transport.aclose()
            released.set()
        assert server.hung_up.wait(PATIENCE)

    with Server(hold) as server:
        under(kind, run)


@each_async_transport
def test_a_cancelled_exchange_closes_its_connection_and_frees_its_place(kind: str) -> None:
    def silent_at_first(peer: Peer) -> None:
        (stalling() if server.connections == 1 else responding(OK))(peer)

    async def run() -> None:
        async with ASYNC[kind](max_connections=1) as transport:
            async with create_task_group() as nursery:
                nursery.start_soon(transport.send, get(server))
                await anyio.to_thread.run_sync(server.requested.wait, PATIENCE)
                nursery.cancel_scope.cancel()
            assert server.hung_up.wait(PATIENCE)
            assert await transport.send(get(server)) == OK_RESPONSE

    with Server(silent_at_first) as server:
        under(kind, run)
    assert server.connections == 2


@each_async_transport
@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "tls"])
def test_an_exchange_can_be_cancelled_at_every_checkpoint(
    kind: str, encrypted: bool, certified: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async def run() -> int:
        for step in range(1, 100):
            async with ASYNC[kind](max_connections=1, ssl_context=trusting) as transport:
                ending = await cancelling(partial(transport.send, get(server)), step)
                if ending.left > 0:
                    return step - 1
                assert await transport.send(get(server)) == OK_RESPONSE
        raise AssertionError("never came to its end")

    with Server(responding(OK), tls=certified if encrypted else None) as server:
        assert under(kind, run) >= (4 if kind == "trio" else 2)
        expected = b"GET /v2/x?q=1 HTTP/1.1\r\n"
        assert all(wire.startswith(expected) for wire in server.requests)


@each_async_transport
def test_an_outer_timeout_passes_through_the_exchange(kind: str) -> None:
    async def run() -> None:
        async with ASYNC[kind]() as transport:
            if kind == "trio":
                with pytest.raises(trio.TooSlowError):
                    with trio.fail_after(0.1):
                        await transport.send(get(server))
            else:
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await transport.send(get(server))
                assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]

    with Server(stalling()) as server:
        under(kind, run)
        assert server.hung_up.wait(PATIENCE)


def test_the_limits_of_the_asyncio_transport_are_measured_by_the_clock_of_its_loop() -> None:
    async def run() -> None:
        loop: Any = asyncio.get_running_loop()
        async with AsyncioTransport() as transport:
            with pytest.raises(NoAnswer, match=r"nothing arrived for 3600 s"):
                await transport.send(get(server), Timeout(3600, 3600, 7200))
        assert 3600 <= loop.time() < 7200

    with Server(stalling()) as server:
        run_virtually(run())


def test_the_limits_of_the_trio_transport_are_measured_by_its_clock() -> None:
    clock = trio.testing.MockClock()

    async def run() -> None:
        async with TrioTransport() as transport, trio.open_nursery() as nursery:

            async def one() -> None:
                with pytest.raises(NoAnswer, match=r"nothing arrived for 3600 s"):
                    await transport.send(get(server), Timeout(read=3600, total=7200))

            nursery.start_soon(one)
            await trio.to_thread.run_sync(server.requested.wait, PATIENCE)
            await trio.testing.wait_all_tasks_blocked()
            clock.jump(3601)

    with Server(stalling()) as server:
        trio.run(run, clock=clock)


@each_transport
def test_a_time_limit_that_has_passed_before_the_first_byte_means_not_sent(kind: str) -> None:
    at_once = Timeout(total=1e-9)

    def run() -> None:
        with Urllib3Transport() as transport:
            transport.send(get(server))
            transport.send(post(server), at_once)

    async def run_async() -> None:
        async with ASYNC[kind]() as transport:
            await transport.send(get(server))
            await transport.send(post(server), at_once)

    with Server(responding(OK)) as server, pytest.raises(NotSent) as caught:
        run() if kind == "urllib3" else under(kind, run_async)
    assert (caught.value.reason, len(server.requests)) == ("timeout", 1)


@pytest.mark.parametrize("kind", ["trio", "asyncio"])
def test_an_async_transport_names_the_library_that_runs_it(kind: str) -> None:
    transport = ASYNC[kind]()
    other = "asyncio" if kind == "trio" else "trio"
    with pytest.raises(InvalidInput) as outside:
        transport.send(Request("GET", "https://localhost/")).send(None)
    with pytest.raises(InvalidInput) as under_the_other:
        under(other, transport.send, Request("GET", "https://localhost/"))
    said = (
        f"transport: {type(transport).__name__} runs under {kind} only; use AsyncioTransport under "
        "asyncio, TrioTransport under trio, Urllib3Transport in other code"
    )
    assert [str(outside.value), str(under_the_other.value)] == [said, said]


@pytest.mark.parametrize(("kind", "loop"), [("trio", "trio.run"), ("asyncio", "event loop")])
def test_an_async_transport_belongs_to_one_loop(kind: str, loop: str) -> None:
    transport = ASYNC[kind]()
    with Server(responding(OK)) as server:
        under(kind, transport.send, get(server))
        with pytest.raises(InvalidInput) as caught:
            under(kind, transport.send, get(server))
        under(kind, transport.aclose)
    assert str(caught.value) == (
        f"transport: belongs to the {loop} it was first used in; "
        "create a client and its transport in each"
    )


@pytest.mark.parametrize(
    ("module", "library", "message"),
    [
        (
            "calcom_transports.urllib3",
            library,
            "the blocking transport needs urllib3 and truststore: "
            "pip install 'calcom-bookings[urllib3]'",
        )
        for library in ("urllib3", "truststore")
    ]
    + [
        (
            "calcom_transports.trio",
            library,
            "the trio transport needs trio, h11 and truststore: "
            "pip install 'calcom-bookings[trio]'",
        )
        for library in ("trio", "h11", "truststore")
    ]
    + [
        (
            "calcom_transports.asyncio",
            library,
            "the asyncio transport needs h11 and truststore: "
            "pip install 'calcom-bookings[asyncio]'",
        )
        for library in ("h11", "truststore")
    ],
)
def test_the_error_for_a_missing_library_names_the_extra(
    module: str, library: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, module)
    for name in (
        "async_connection",
        "async_transport",
        "h11_messages",
        "settings",
        "urllib3_connection",
    ):
        monkeypatch.delitem(sys.modules, f"calcom_transports.{name}")
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError) as caught:
        importlib.import_module(module)
    assert str(caught.value) == message
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


@each_transport
def test_options_of_another_type_are_refused(kind: str) -> None:
    for option, value in (
        ("ssl_context", "x"),
        ("ssl_context", ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)),
        ("max_body", "3"),
        ("max_connections", True),
        ("max_idle", -1),
        ("max_idle", float("inf")),
        ("max_idle", True),
        ("allow_http", "0"),
        ("allow_http", None),
    ):
        options: dict[str, Any] = {option: value}
        with pytest.raises(InvalidInput) as caught:
            exchange(kind, **options)
        assert caught.value.field == option


def test_a_timeout_may_be_a_number_of_seconds() -> None:
    request_ = Request("GET", "https://localhost/")

    settings = Settings(2, None, False, 1, 1, Proxies())  # type: ignore[arg-type]  # a converter

    assert settings.timeout == Timeout(2, 2, 2)
    assert settings.start(request_, None, 0.0).timeout == Timeout(2, 2, 2)
    assert settings.start(request_, 45, 0.0).timeout == Timeout(10, 30, 45)  # type: ignore[arg-type]


@pytest.mark.exhaustive(sample=2)
@each_transport
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_transport_that_is_discarded_with_open_connections_warns_and_closes_them(
    kind: str, scheme: str, certified: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    tls = certified if scheme == "https" else None
    with Server(responding(OK), tls=tls) as server:
        request = Request("GET", f"{scheme}://localhost:{server.port}")
        for cyclic in (False, True):
            held: list[Any] = [sent_once(kind, request, trusting)]
            shown = repr(held[0])
            if cyclic:
                held[0].itself = held[0]
            server.hung_up.clear()
            with pytest.warns(ResourceWarning) as warned:
                discard(held)
            assert [(warning.filename, str(warning.message)) for warning in warned] == [
                (
                    __file__,
                    f"{shown} is discarded while it holds open connections; {WAYS_OUT[kind]}",
                )
            ]
            assert server.hung_up.wait(PATIENCE)


WAYS_OUT = {
    "urllib3": "call close(), or use a `with` block",
    "trio": "call aclose(), or use an `async with` block",
    "asyncio": "call aclose(), or use an `async with` block",
}


def discard(held: list[Any]) -> None:
    held.clear()
    gc.collect()


def sent_once(kind: str, request: Request, context: ssl.SSLContext | None = None) -> Any:
    """Return a transport that has sent a request, and is still open."""
    if kind == "urllib3":
        transport = Urllib3Transport(ssl_context=context)
        transport.send(request)
        return transport

    async def main() -> Any:
        transport = ASYNC[kind](ssl_context=context)
        await transport.send(request)
        return transport

    return under(kind, main)


@each_async_transport
def test_a_transport_that_is_discarded_in_its_loop_closes_its_connections(kind: str) -> None:
    async def main() -> None:
        held = [ASYNC[kind]()]
        await held[0].send(get(server))
        with pytest.warns(ResourceWarning, match="is discarded while it holds open connections"):
            discard(held)
        assert await anyio.to_thread.run_sync(server.hung_up.wait, PATIENCE)

    with Server(responding(OK)) as server:
        under(kind, main)


@each_transport
def test_a_transport_without_connections_is_discarded_without_a_warning(kind: str) -> None:
    """Warnings are errors here."""
    transport = Urllib3Transport if kind == "urllib3" else ASYNC[kind]
    with pytest.raises(InvalidInput):
        transport(max_connections=0)
    transport()
    with Server(
        responding_once(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    ) as server:
        sent_once(kind, get(server))
    gc.collect()


OPEN_AT_EXIT = """
import asyncio
import sys

import trio

from calcom_core import Request
from calcom_transports.asyncio import AsyncioTransport
from calcom_transports.trio import TrioTransport
from calcom_transports.urllib3 import Urllib3Transport

request = Request("GET", sys.argv[1])
transport = Urllib3Transport()
in_a_cycle = Urllib3Transport()
in_a_cycle.itself = in_a_cycle
under_trio = TrioTransport()
under_asyncio = AsyncioTransport()
under_asyncio.itself = under_asyncio

print(transport.send(request).body, in_a_cycle.send(request).body)
print(trio.run(under_trio.send, request).body, asyncio.run(under_asyncio.send(request)).body)
"""


def test_a_transport_open_at_interpreter_exit_prints_nothing() -> None:
    with Server(responding(OK)) as server:
        done = run_python(OPEN_AT_EXIT, server.url)
    assert (done.stdout, done.stderr, done.returncode) == ("b'ok' b'ok'\n" * 2, "", 0)


@pytest.mark.parametrize("attempt", [pickle.dumps, copy.copy, copy.deepcopy])
@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Urllib3Transport, "holds open connections"),
        (TrioTransport, "holds open connections"),
        (AsyncioTransport, "holds open connections"),
        (Recorder, "reserves the file that it writes"),
        (Replay.of, "keeps its place in a cassette"),
    ],
    ids=["urllib3", "trio", "asyncio", "recorder", "replay"],
)
def test_an_object_of_one_process_cannot_be_pickled_or_copied(
    kind: Any, reason: str, attempt: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    value = kind(tmp_path / "cassette.json") if kind is Recorder else kind()
    with pytest.raises(TypeError) as caught:
        attempt(value)
    assert str(caught.value) == (
        f"a {type(value).__name__} cannot be pickled or copied, since it {reason}; "
        "create one in each process"
    )


@pytest.mark.parametrize("kind", ["urllib3", "trio", "asyncio"])
def test_a_transport_with_an_unknown_option_is_never_created_and_ends_quietly(kind: str) -> None:
    create: Any = ASYNC.get(kind, Urllib3Transport)
    with pytest.raises(TypeError, match="unexpected keyword argument 'verify'"):
        create(verify=False)
    gc.collect()  # an error of a finalizer would fail this test
