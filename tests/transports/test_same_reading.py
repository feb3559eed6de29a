"""urllib3 and trio read the same, except where urllib3 is lenient; no response confuses them."""

import re
from collections.abc import Callable

import pytest
import trio
from conformance.responses import CHUNKED, respond_once
from conformance.runner import Runtime, Target, blocking, failures, on_asyncio, on_trio
from conformance.scenarios import Outcome, Scenario, get
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server import OK, OK_RESPONSE, Peer, Server

from calcom_core.errors import NoAnswer
from calcom_core.http import Request, Response, Timeout
from calcom_transports.asyncio import AsyncioTransport
from calcom_transports.trio import TrioTransport
from calcom_transports.urllib3 import Urllib3Transport

RESPONSES = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nabc\r\n4;e=1\r\ndefg\r\n0\r\nX: 1\r\n\r\n",
    b"HTTP/1.1 404 \r\nX-Y: z\r\n folded\r\n\r\nuntil the end",
    b"HTTP/1.0 200 OK\r\nX-Y:\tz\r\n\r\nuntil the end",
    b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 204 No Content\r\nX: y\r\n\r\n",
    b'HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\nETag: "x"\r\n\r\n',
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"
    b"3\r\nabc\r\n0\r\n\r\n",
]
PARTS = [
    *(b"\r\n", b"\n", b"\r", b" ", b"\t", b"\0", b"\x0b", b"\x80", b":", b";", b",", b"-", b"+"),
    *(b"0", b"5", b"a", b"_", b"100", b"200", b"HTTP/1.1 ", b"chunked", b"gzip", b" folded\r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5, 5\r\n", b"Connection: close\r\n"),
]


@st.composite
def damaged(draw: Callable[[st.SearchStrategy[bytes | int]], bytes | int]) -> bytes:
    """Return a response in which up to three pieces are inserted, removed or overwritten."""
    response = bytearray(draw(st.sampled_from(RESPONSES)))  # type: ignore[arg-type]
    for _ in range(draw(st.integers(1, 3))):  # type: ignore[arg-type]
        start = draw(st.integers(0, len(response)))
        gone = draw(st.sampled_from([0, 0, 1, 2, 5]))
        piece = draw(st.sampled_from(PARTS) | st.binary(max_size=2))
        response[start : start + gone] = piece  # type: ignore[operator]
    return bytes(response)


class Scripted:
    """Sends its response on each connection, then closes it."""

    response = b""

    def __call__(self, peer: Peer) -> None:
        peer.request()
        peer.send(self.response)


def over_urllib3(url: str) -> Response | str:
    with Urllib3Transport(timeout=5) as transport:
        try:
            return transport.send(Request("GET", url))
        except NoAnswer as error:
            return error.reason


def over_trio(url: str) -> Response | str:
    async def run() -> Response | str:
        async with TrioTransport(timeout=5) as transport:
            try:
                return await transport.send(Request("GET", url), Timeout(5, 5, 5))
            except NoAnswer as error:
                return error.reason

    return trio.run(run)


def plain(response: Response) -> Response:
    """Leave out repeated fields that h11 merges, and the width of folds."""
    fields = [
        (name, re.sub("[ \t]+", " ", value))
        for name, value in response.headers
        if name.lower() != "content-length"
    ]
    return Response(response.status, fields, response.body)


@pytest.mark.parametrize("response", RESPONSES)
def test_urllib3_and_trio_read_the_same(response: bytes) -> None:
    server = Scripted()
    server.response = response
    with Server(server) as listening:
        blocking, awaited = over_urllib3(listening.url), over_trio(listening.url)
    assert isinstance(blocking, Response)
    assert isinstance(awaited, Response)
    assert plain(blocking) == plain(awaited)


def test_a_damaged_response_is_read_or_no_answer(
    counted: Callable[[str, int], None],
) -> None:
    """urllib3 and h11 may read it differently."""
    server = Scripted()
    read = 0

    examples = 4 * settings().max_examples

    @settings(max_examples=examples, suppress_health_check=[HealthCheck.too_slow])
    @given(damaged())
    def same(response: bytes) -> None:
        nonlocal read
        server.response = response
        blocking, awaited = over_urllib3(listening.url), over_trio(listening.url)
        for found in (blocking, awaited):
            assert isinstance(found, Response) or found in ("closed", "protocol", "timeout")
        read += 1

    with Server(server) as listening:
        same()
    assert read >= examples
    counted("damaged responses, read over urllib3 and trio", read)


# Responses that RFC 9112 lets a client read or refuse.
AMBIGUOUS: dict[str, tuple[bytes, Outcome]] = {
    "chunks and a length: RFC 9112, 6.3, prefers the chunks": (
        CHUNKED[:-2] + b"Content-Length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        Response(200, {"Transfer-Encoding": "chunked", "Content-Length": "3"}, b"hello"),
    ),
    "no space after the status": (OK.replace(b" OK", b""), OK_RESPONSE),
    "lines that end with LF": (OK.replace(b"\r", b""), OK_RESPONSE),
    "a folded value": (
        OK.replace(b"\r\n", b"\r\nX-One: a\r\n  b\r\n", 1),
        Response(200, {"X-One": "a b", "Content-Length": "2"}, b"ok"),
    ),
    "a later version": (OK.replace(b"/1.1", b"/1.9"), OK_RESPONSE),
    "a chunk size that ends with LF": (CHUNKED + b"5\nhello\r\n0\r\n\r\n", NoAnswer),
    "Transfer-Encoding: identity": (CHUNKED.replace(b"chunked", b"identity") + b"hello", NoAnswer),
    "Transfer-Encoding twice": (
        CHUNKED[:-2] + CHUNKED[17:] + b"5\r\nhello\r\n0\r\n\r\n",
        NoAnswer,
    ),
    "a blank line before it": (b"\r\n" + OK, NoAnswer),
    "a space before it": (b" " + OK, NoAnswer),
    "a status of 099": (OK.replace(b"200", b"099"), NoAnswer),
    "a status of 600": (
        OK.replace(b"200", b"600"),
        Response(600, {"Content-Length": "2"}, b"ok"),
    ),
    "an encoding that the request does not accept": (
        OK.replace(b"\r\n", b"\r\nContent-Encoding: br\r\n", 1),
        NoAnswer,
    ),
}


# Those that urllib3 and http.client read nevertheless.
_CHUNKS = {"Transfer-Encoding": "chunked"}
LENIENT: dict[str, Outcome] = {
    "a chunk size that ends with LF": Response(200, _CHUNKS, b"hello"),
    "Transfer-Encoding: identity": Response(200, {"Transfer-Encoding": "identity"}, b"hello"),
    "Transfer-Encoding twice": Response(200, tuple(_CHUNKS.items()) * 2, b"hello"),
    "a space before it": OK_RESPONSE,
}


@pytest.mark.parametrize(
    ("make", "runtime"),
    [(Urllib3Transport, blocking), (TrioTransport, on_trio), (AsyncioTransport, on_asyncio)],
    ids=["urllib3", "trio", "asyncio"],
)
def test_urllib3_and_trio_read_ambiguous_responses_the_same(
    make: Callable[[], object], runtime: Runtime
) -> None:
    scenarios = [
        Scenario(name, respond_once(response), (get(outcome),), may_stay_open=True)
        for name, (response, strict) in AMBIGUOUS.items()
        for outcome in [LENIENT.get(name, strict) if make is Urllib3Transport else strict]
    ]
    assert failures(scenarios, Target(make, runtime)) == []
