"""The cases that every transport must pass: ours do, one for asyncio too, and wrong ones do not."""

import asyncio
import http.client
import re
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import trio
import trustme
from asyncio_transport import AsyncioTransport
from attrs import evolve

from calcom_core import NoAnswer, NotSent, Request, Response, Timeout, TransportError
from calcom_transports.conformance import CASES, Case, NotConforming, cells, check
from calcom_transports.conformance.answers import OK, OK_RESPONSE, once
from calcom_transports.conformance.cells import Ask, Cell, Wire
from calcom_transports.conformance.server import PATIENCE, Peer, answering
from calcom_transports.trio import TrioTransport
from calcom_transports.urllib3 import Urllib3Transport

BY_NAME = {case.name: case for case in CASES}


def by_asyncio(function: Callable[[], Awaitable[object]]) -> object:
    return asyncio.run(function())  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def trusted(authority: trustme.CA) -> ssl.SSLContext:
    """Return what all transports of this module speak TLS with."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="module")
def untrusted() -> ssl.SSLContext:
    """Return what a server speaks TLS with that nobody of this module trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    return context


# They wait for the end of a limit of 1.5 seconds.
WAITING = {"bounds", "broken-requests", "time-limits"}


def row(kind: str, encrypted: bool, case: Case) -> Any:
    """Return a row of the matrix; by default only some of those over TLS or by asyncio run."""
    marks: tuple[pytest.MarkDecorator, ...] = ()
    if case.name in WAITING and (kind, encrypted) != ("urllib3", False):
        marks = (pytest.mark.exhaustive,)
    elif kind not in ("urllib3", "trio") or encrypted:
        marks = (pytest.mark.exhaustive(sample=6),)
    name = f"{kind}-{'TLS' if encrypted else 'clear'}-{case.name}"
    return pytest.param(kind, encrypted, case, marks=marks, id=name)


@pytest.mark.parametrize(
    ("kind", "encrypted", "case"),
    [
        row(kind, encrypted, case)
        for kind in ("urllib3", "trio", "asyncio")
        for encrypted in (False, True)
        for case in CASES
    ],
)
def test_a_transport_conforms(
    kind: str,
    encrypted: bool,
    case: Case,
    certified: ssl.SSLContext,
    untrusted: ssl.SSLContext,
    trusted: ssl.SSLContext,
    sample: Callable[..., Any],
    counted: Callable[[str, int], None],
) -> None:
    make, run = {
        "urllib3": (lambda: Urllib3Transport(ssl_context=trusted), None),
        "trio": (lambda: TrioTransport(ssl_context=trusted), trio.run),
        "asyncio": (lambda: AsyncioTransport(trusted), by_asyncio),
    }[kind]
    if encrypted and run is by_asyncio and case.name == "broken-answers":
        case = evolve(case, cells=case.cells[::4])  # it reads what comes as it does in clear
    case = evolve(case, cells=tuple(sample(case.cells, 30)))
    tls = certified if encrypted else None
    number = check(case, make, run=run, tls=tls, untrusted=untrusted)
    assert number == len([cell for cell in case.cells if encrypted or not cell.only_tls])
    counted(f"conformance: {kind}, {'TLS' if encrypted else 'clear'}", number)


def test_there_are_some_thousands_of_cells() -> None:
    assert len({case.name for case in CASES}) == len(CASES) == 15
    assert len([cell for case in CASES for cell in case.cells]) > 1_500
    for case in CASES:
        assert len({cell.name for cell in case.cells}) == len(case.cells)


# What may be taken in one way or another; these take it so.
ODD: list[tuple[str, bytes, Response | type[TransportError]]] = [
    (
        "chunks and a length: RFC 9112, 6.3, has the chunks win",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"
        b"5\r\nhello\r\n0\r\n\r\n",
        Response(200, {"Transfer-Encoding": "chunked", "Content-Length": "3"}, b"hello"),
    ),
    (
        "no space after the status",
        b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
        OK_RESPONSE,
    ),
    ("lines that end with LF", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", OK_RESPONSE),
    (
        "a value that is folded",
        b"HTTP/1.1 200 OK\r\nX-One: a\r\n  b\r\nContent-Length: 2\r\n\r\nok",
        Response(200, {"X-One": "a b", "Content-Length": "2"}, b"ok"),
    ),
    (
        "a version to come",
        b"HTTP/1.9 200 OK\r\nContent-Length: 2\r\n\r\nok",
        OK_RESPONSE,
    ),
    (
        "a chunk size that ends with LF",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n",
        NoAnswer,
    ),
    (
        "Transfer-Encoding: identity",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nhello",
        NoAnswer,
    ),
    (
        "Transfer-Encoding twice",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5\r\nhello\r\n0\r\n\r\n",
        NoAnswer,
    ),
    ("a blank line before it", b"\r\n" + OK, NoAnswer),
    ("a space before it", b" " + OK, NoAnswer),
    ("a status of 099", OK.replace(b"200", b"099"), NoAnswer),
    ("a status of 600", OK.replace(b"200", b"600"), evolve(OK_RESPONSE, status=600)),
    (
        "a coding that was not asked for",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\nok",
        NoAnswer,
    ),
]
ODD_CASE = Case(
    "odd-answers",
    "Both read them the same.",
    tuple(
        Cell(name, once(answer), (Ask((expected,)),), whole=True) for name, answer, expected in ODD
    ),
)


def test_both_transports_read_odd_answers_the_same() -> None:
    assert check(ODD_CASE, Urllib3Transport) == len(ODD)
    assert check(ODD_CASE, TrioTransport, run=trio.run) == len(ODD)


# Transports that do something wrong.


class Naive:
    """The `http.client` of the standard library as it comes, with its one limit."""

    def __init__(self) -> None:
        self.tls: ssl.SSLContext | None = None

    def send(self, request: Request, timeout: Timeout | None) -> Response:
        limits = timeout or Timeout()
        url = urlsplit(request.url)
        connection = http.client.HTTPConnection(url.netloc, timeout=limits.connect)
        if url.scheme == "https":
            connection = http.client.HTTPSConnection(
                url.netloc, timeout=limits.connect, context=self.tls
            )
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            raise NotSent("no connection", reason="connect") from error
        try:
            connection.sock.settimeout(limits.read)
            target = url._replace(scheme="", netloc="", fragment="").geturl()
            connection.request(request.method, target, request.body, dict(request.headers))
            with connection.getresponse() as answer:
                return Response(answer.status, answer.getheaders(), answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAnswer("no answer", reason="closed") from error
        finally:
            connection.close()


class Unverifying(Naive):
    """Trusts everybody."""

    def __init__(self) -> None:
        self.tls = ssl._create_unverified_context()


class Repeating(Urllib3Transport):
    def send(self, request: Request, timeout: Timeout | None = None) -> Response:
        try:
            return super().send(request, timeout)
        except NoAnswer:
            return super().send(request, timeout)


class Doubling(Urllib3Transport):
    def send(self, request: Request, timeout: Timeout | None = None) -> Response:
        super().send(request, timeout)
        return super().send(request, timeout)


class Following(Urllib3Transport):
    def send(self, request: Request, timeout: Timeout | None = None) -> Response:
        response = super().send(request, timeout)
        location = response.headers.get("location")
        if location is not None:
            super().send(Request("GET", urljoin(request.url, location)), timeout)
        return response


class NeverSent(Urllib3Transport):
    def send(self, request: Request, timeout: Timeout | None = None) -> Response:
        try:
            return super().send(request, timeout)
        except TransportError:
            raise NotSent("something went wrong", reason="closed") from None


class AlwaysSent(Urllib3Transport):
    def send(self, request: Request, timeout: Timeout | None = None) -> Response:
        try:
            return super().send(request, timeout)
        except TransportError:
            raise NoAnswer("something went wrong", reason="closed") from None


class OnlyTotal(Urllib3Transport):
    """Knows one limit."""

    def send(self, request: Request, timeout: Timeout | None = None) -> Response:
        total = (timeout or Timeout()).total
        return super().send(request, Timeout(total, total, total))


class Typing(Urllib3Transport):
    """Says what the body is, which nobody told it."""

    def send(self, request: Request, timeout: Timeout | None = None) -> Response:
        headers = (*request.headers, ("Content-Type", "text/plain"))
        return super().send(evolve(request, headers=headers), timeout)


class Dropping(Urllib3Transport):
    """Keeps one field of each name."""

    def send(self, request: Request, timeout: Timeout | None = None) -> Response:
        return super().send(evolve(request, headers=dict(request.headers)), timeout)


class Tuples(Urllib3Transport):
    def send(self, request: Request, timeout: Timeout | None = None) -> Any:
        response = super().send(request, timeout)
        return response.status, response.body


class Crossing(Urllib3Transport):
    """Gives everybody the answer that came last, once there are two."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[Response] = []
        self.changed = threading.Condition()

    def send(self, request: Request, timeout: Timeout | None = None) -> Response:
        response = super().send(request, timeout)
        with self.changed:
            self.came.append(response)
            self.changed.notify_all()
            assert self.changed.wait_for(lambda: len(self.came) > 1, PATIENCE)
            return self.came[-1]


class Inventing:
    def send(self, request: Request, timeout: Timeout | None) -> Response:
        return OK_RESPONSE


class Buffering:
    """Keeps its connection, and what it has read of it."""

    connection: socket.socket | None = None

    def send(self, request: Request, timeout: Timeout | None) -> Response:
        if self.connection is None:
            url = urlsplit(request.url)
            self.connection = socket.create_connection((url.hostname, url.port), 5)
            self.bytes = self.connection.makefile("rb")
        self.connection.sendall(b"GET /v2/x?q=1 HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            assert self.bytes.readline() == b"HTTP/1.1 200 OK\r\n"
            length = self.bytes.readline().split()[1]
            assert self.bytes.readline() == b"\r\n"
        except AssertionError:
            raise NoAnswer("no answer", reason="protocol") from None
        headers = {"Content-Length": length.decode()}
        return Response(200, headers, self.bytes.read(int(length)))

    def close(self) -> None:
        if self.connection is not None:
            self.bytes.close()
            self.connection.close()


class Hanging:
    """Goes on, whatever happens to its connection."""

    freed: threading.Event

    def send(self, request: Request, timeout: Timeout | None) -> Response:
        self.freed.wait()
        return OK_RESPONSE


WRONG: list[tuple[Callable[[], Any], str, str]] = [
    (
        Naive,
        "requests",
        "an empty query: expected b'GET /v2/x? HTTP/1.1', but b'GET /v2/x HTTP/1.1' came",
    ),
    (
        Naive,
        "framings",
        "after 103: expected 200 [('Content-Length', '2')] b'ok', "
        "but it returned 103 [('Link', '</a>')] b''",
    ),
    (
        Naive,
        "not-http",
        "HTTP/0.9: expected NoAnswer, but it returned 200 [('Content-Length', '2')] b'ok'",
    ),
    (Naive, "bounds", "interim answers: expected an end within its limits, but it goes on"),
    (
        Naive,
        "broken-answers",
        "a Content-Length, a close after 12 of 43 bytes: "
        "expected NoAnswer, but it returned 200 [] b''",
    ),
    (
        Naive,
        "time-limits",
        "a head, a byte at a time: expected an end within its limits, but it goes on",
    ),
    (
        OnlyTotal,
        "time-limits",
        "silence at once: expected an end within its limits, but it goes on",
    ),
    (
        Unverifying,
        "not-sent",
        "a server that cannot be trusted: "
        "expected NotSent, but it returned 200 [('Content-Length', '2')] b'ok'",
    ),
    (
        Repeating,
        "broken-answers",
        "a Content-Length, a close after 0 of 43 bytes: expected 1 request to reach the server, "
        "and no byte of one that is NotSent, but it saw 2",
    ),
    (
        Repeating,
        "kept-connections",
        "a close when a second request came: expected 4 requests to reach the server, "
        "and no byte of one that is NotSent, but it saw 7",
    ),
    (
        Doubling,
        "statuses",
        "200: expected 1 request to reach the server, "
        "and no byte of one that is NotSent, but it saw 2",
    ),
    (
        Following,
        "redirects",
        "GET, 300 to ELSEWHERE/v2/x: expected that no other server is asked, but one is",
    ),
    (
        NeverSent,
        "broken-answers",
        "a Content-Length, a close after 0 of 43 bytes: "
        "expected NoAnswer, but it raised NotSent (something went wrong)",
    ),
    (
        NeverSent,
        "broken-requests",
        "a close after 0 bytes of a request with a body of 2: expected 0 requests to reach the "
        "server, and no byte of one that is NotSent, but it saw 1",
    ),
    (
        AlwaysSent,
        "not-sent",
        "nobody listens: expected NotSent, but it raised NoAnswer (something went wrong)",
    ),
    (
        Typing,
        "requests",
        "a plain target: expected no field that nobody gave, but [b'content-type'] came",
    ),
    (
        Dropping,
        "requests",
        "repeated, empty and odd header fields: "
        "expected b'x-many' as it was given, [b'one', b'two'], but [b'two'] came",
    ),
    (
        Tuples,
        "statuses",
        "200: expected 200 [('Content-Length', '2')] b'ok', "
        "but it returned (200, b'ok'), which is no Response",
    ),
    (
        Inventing,
        "requests",
        "a plain target: expected 1 request to reach the server, but it saw 0",
    ),
    (
        Buffering,
        "leftovers",
        "a second answer: expected 200 [('Content-Length', '2')] b'ok', "
        "but it returned 200 [('Content-Length', '2')] b'no'",
    ),
    (
        Buffering,
        "not-http",
        "nothing: expected a connection that is closed after a failure, but it is still open",
    ),
    (
        Buffering,
        "not-sent",
        "nobody listens: expected NotSent, but it raised ConnectionRefusedError "
        "([Errno 111] Connection refused), which is neither of the two errors",
    ),
]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Wait no longer than it takes for what does not come, but for all that still goes on."""
    threads = set(threading.enumerate())
    Hanging.freed = threading.Event()
    monkeypatch.setattr(cells, "MARGIN", 0.5)
    monkeypatch.setattr("calcom_transports.conformance._GRACE", 0.5)
    monkeypatch.setattr("calcom_transports.conformance.playing.PATIENCE", 0.5)
    yield
    Hanging.freed.set()
    for thread in set(threading.enumerate()) - threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()


@pytest.mark.parametrize(
    ("make", "name", "message"),
    [
        pytest.param(
            *(make, name, message),
            marks=pytest.mark.exhaustive(sample=0 if name in WAITING else 8),
            id=f"{make.__name__}, {name}",
        )
        for make, name, message in WRONG
    ],
)
def test_a_transport_that_does_something_wrong_does_not_conform(
    make: Callable[[], Any], name: str, message: str, impatient: None, untrusted: ssl.SSLContext
) -> None:
    with pytest.raises(NotConforming) as caught:
        check(BY_NAME[name], make, untrusted=untrusted)
    assert str(caught.value) == f"{name}: {message}. {BY_NAME[name].requirement}"


class AsyncBuffering(Buffering):
    async def send(  # type: ignore[override]
        self, request: Request, timeout: Timeout | None
    ) -> Response:
        return super().send(request, timeout)


@pytest.mark.parametrize("run", [by_asyncio, trio.run])
def test_an_async_transport_that_leaves_its_connection_open_does_not_conform(
    run: Any, impatient: None
) -> None:
    with pytest.raises(NotConforming, match=r"not-http: nothing: .* but it is still open"):
        check(BY_NAME["not-http"], AsyncBuffering, run=run)


def test_answers_that_are_mixed_up_do_not_conform(impatient: None) -> None:
    with pytest.raises(NotConforming) as caught:
        check(BY_NAME["at-once"], Crossing)
    assert re.match(
        r"at-once: (2|20) at once: expected 200 .* b'/v2/\d+\?x+', but it returned 200 ",
        str(caught.value),
    )


def test_a_transport_that_hangs_whatever_happens_does_not_conform(
    impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cells, "MARGIN", 0.1)
    monkeypatch.setattr("calcom_transports.conformance._GRACE", 0.1)
    ask = Ask((OK_RESPONSE,), timeout=Timeout(0.1, 0.1, 0.1))
    case = Case("ends", "Somebody is waiting.", (Cell("one", answering(OK), (ask,)),))
    with pytest.raises(NotConforming) as caught:
        check(case, Hanging)
    assert str(caught.value) == (
        "ends: one: expected an end within its limits, but it goes on. Somebody is waiting."
    )


WIRE = Wire(b"PUT /x HTTP/1.1", ((b"X-One", b"1"), (b"X-Two", b"2"), (b"x-one", b"")), b"ok")
GOOD = (
    b"PUT /x HTTP/1.1\r\nHost: h:1\r\nx-two: 2\r\nX-One:1 \r\nAccept: */*\r\nX-One:\r\n"
    b"Content-Length: 2\r\n\r\nok"
)


@pytest.mark.parametrize(
    ("wire", "came", "difference"),
    [
        (WIRE, GOOD, None),
        (
            WIRE,
            GOOD.replace(b"/x", b"/y"),
            "b'PUT /x HTTP/1.1', but b'PUT /y HTTP/1.1' came",
        ),
        (WIRE, GOOD[:-1], "its 2 bytes of body, but 1, b'o', came"),
        (WIRE, GOOD.replace(b"h:1", b"h"), "one Host, b'h:1', but [b'h'] came"),
        (WIRE, GOOD.replace(b"Host", b"Accept"), "one Host, b'h:1', but None came"),
        (
            WIRE,
            GOOD.replace(b"\r\nHost", b"\r\nHost: x\r\nHost"),
            "one Host, b'h:1', but [b'x', b'h:1'] came",
        ),
        (
            WIRE,
            GOOD.replace(b"h: 2\r\n", b"h: 2\r\nContent-length: 2\r\n"),
            "one Content-Length, b'2', but [b'2', b'2'] came",
        ),
        (
            WIRE,
            GOOD.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked"),
            "one Content-Length, b'2', but [] came",
        ),
        (
            WIRE,
            GOOD.replace(b"X-One:1", b"X-One:2"),
            "b'x-one' as it was given, [b'1', b''], but [b'2', b''] came",
        ),
        (
            WIRE,
            GOOD.replace(b"Accept", b"Referer"),
            "no field that nobody gave, but [b'referer'] came",
        ),
        (Wire(b"GET / HTTP/1.1"), b"GET / HTTP/1.1\r\nHost: h:1\r\n\r\n", None),
        (
            Wire(b"GET / HTTP/1.1"),
            b"GET / HTTP/1.1\r\nHost: h:1\r\nContent-Length: 0\r\n\r\n",
            None,
        ),
        (
            Wire(b"GET / HTTP/1.1"),
            b"GET / HTTP/1.1\r\nHost: h:1\r\nContent-Length: 1\r\n\r\n",
            "one Content-Length, b'0', but [b'1'] came",
        ),
    ],
)
def test_a_request_is_compared_with_what_it_must_be(
    wire: Wire, came: bytes, difference: str | None
) -> None:
    assert wire.difference(came, b"h:1") == difference


ONE = Case("one", "It is one.", (Cell("cell", answering(OK), (Ask((OK_RESPONSE,)),)),))
left: list[str] = []


class Left(Urllib3Transport):
    """Notes how it is left; as it is, by its context manager."""

    def __exit__(self, *error: Any) -> None:
        left.append("exit")
        super().__exit__(*error)


class Closed:
    """Has no context manager."""

    def __init__(self) -> None:
        self.real = Urllib3Transport()

    def send(self, request: Request, timeout: Timeout | None) -> Response:
        return self.real.send(request, timeout)

    def close(self) -> None:
        left.append("close")
        self.real.close()


class Async:
    """Answers from a thread, and is not left at all."""

    async def send(self, request: Request, timeout: Timeout | None) -> Response:
        with Urllib3Transport() as real:
            return real.send(request, timeout)


class AsyncClosed(Async):
    def close(self) -> None:
        left.append("close")


class AsyncAwaited(AsyncClosed):
    async def aclose(self) -> None:
        left.append("aclose")


class AsyncLeft(AsyncAwaited):
    async def __aenter__(self) -> Async:
        return Async()

    async def __aexit__(self, *error: object) -> None:
        left.append("aexit")


class AsyncLeftAtOnce(AsyncAwaited):
    def __enter__(self) -> Async:
        return Async()

    def __exit__(self, *error: object) -> None:
        left.append("exit")


@pytest.mark.parametrize(
    ("make", "run", "how"),
    [
        (Left, None, ["exit"]),
        (Closed, None, ["close"]),
        (Inventing, None, []),
        (Async, by_asyncio, []),
        (AsyncClosed, by_asyncio, ["close"]),
        (AsyncAwaited, trio.run, ["aclose"]),
        (AsyncLeft, trio.run, ["aexit"]),
        (AsyncLeftAtOnce, by_asyncio, ["exit"]),
    ],
)
def test_a_transport_is_left_in_the_way_that_it_has(
    make: Callable[[], Any], run: Any, how: list[str]
) -> None:
    left.clear()
    if make is Inventing:
        with pytest.raises(NotConforming):
            check(ONE, make)
    else:
        assert check(ONE, make, run=run) == 1
    assert left == how


def test_what_a_transport_raises_when_it_is_made_passes_through() -> None:
    with pytest.raises(ZeroDivisionError):
        check(ONE, lambda: 1 / 0)


def test_an_error_of_a_server_is_no_error_of_the_transport() -> None:
    def broken(peer: Peer) -> None:
        answering(OK)(peer)
        raise ZeroDivisionError

    case = evolve(ONE, cells=(evolve(ONE.cells[0], handler=broken),))
    with pytest.raises(ZeroDivisionError):
        check(case, Urllib3Transport)


def test_a_handler_that_does_not_end_is_an_error_of_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("calcom_transports.conformance.server.PATIENCE", 0.1)
    freed = threading.Event()

    def stuck(peer: Peer) -> None:
        answering(OK)(peer)
        freed.wait()

    case = evolve(ONE, cells=(evolve(ONE.cells[0], handler=stuck),))
    with pytest.raises(AssertionError, match="a handler does not end"):
        check(case, Urllib3Transport)
    freed.set()


def test_the_first_cell_that_fails_is_told() -> None:
    cells_of = tuple(
        Cell(f"cell {number}", answering(OK), (Ask((OK_RESPONSE if number < 7 else NoAnswer,)),))
        for number in range(100)
    )
    with pytest.raises(NotConforming) as caught:
        check(evolve(ONE, cells=cells_of), Urllib3Transport)
    assert str(caught.value) == (
        "one: cell 7: expected NoAnswer, "
        "but it returned 200 [('Content-Length', '2')] b'ok'. It is one."
    )
