"""The conformance suite finds the fault of each of these transports, and names it."""

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from attrs import evolve
from server import OK_RESPONSE, PATIENCE, Peer

from calcom_core import NoAnswer, NotSent, Request, Response, Timeout, TransportError
from calcom_transports.urllib3 import Urllib3Transport
from conformance import runner
from conformance.comparison import request_difference
from conformance.conftest import found
from conformance.faults import BROKEN_REQUESTS, BROKEN_RESPONSES, NOT_SENT, TIME_LIMITS
from conformance.framing import FRAMINGS, GZIP, LEFTOVERS
from conformance.keepalive import AT_ONCE, EARLY_RESPONSES, KEPT_CONNECTIONS
from conformance.lenient import LENIENT, failures_beyond
from conformance.malformed import BOUNDS, NOT_HTTP
from conformance.requests import REDIRECTS, REQUESTS, STATUSES
from conformance.responses import ok
from conformance.runner import Runtime, Target, blocking, failures, on_asyncio, on_trio
from conformance.scenarios import Exchange, Scenario, get

ONE = Scenario("one", ok, (get(OK_RESPONSE),))
ENDLESS = "an end within its limits, but it goes on"
OK = "200 [('Content-Length', '2')] b'ok'"


@pytest.mark.parametrize(
    ("scenarios", "in_clear", "over_tls"),
    [
        (REQUESTS, 24, 24),
        (STATUSES, 43, 43),
        (REDIRECTS, 28, 28),
        (FRAMINGS, 26, 27),
        (LEFTOVERS, 11, 11),
        (GZIP, 37, 37),
        (NOT_HTTP, 69, 69),
        (BOUNDS, 11, 11),
        (BROKEN_RESPONSES, 995, 1328),
        (BROKEN_REQUESTS, 24, 32),
        (TIME_LIMITS, 21, 21),
        (NOT_SENT, 6, 6),
        (KEPT_CONNECTIONS, 13, 17),
        (EARLY_RESPONSES, 8, 8),
        (AT_ONCE, 2, 2),
    ],
)
def test_a_requirement_has_the_stated_number_of_scenarios(
    scenarios: Sequence[Scenario], in_clear: int, over_tls: int
) -> None:
    assert len({str(scenario) for scenario in scenarios}) == len(scenarios) == over_tls
    assert sum(not scenario.only_tls for scenario in scenarios) == in_clear


# Transports with a fault.


class Naive:
    """The standard library's `http.client` as it comes, with its one limit."""

    def __init__(self) -> None:
        self.tls: ssl.SSLContext | None = None

    def send(self, request: Request, timeout: Timeout | None) -> Response:
        limits, url = timeout or Timeout(), urlsplit(request.url)
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
            with connection.getresponse() as response:
                return Response(response.status, response.getheaders(), response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAnswer("no response", reason="closed") from error
        finally:
            connection.close()


class TrustsAll(Naive):
    def __init__(self) -> None:
        self.tls = ssl._create_unverified_context()


class Buffers:
    """Keeps its connection with the bytes that it has read from it, also after a failure."""

    connection: socket.socket | None = None

    def send(self, request: Request, timeout: Timeout | None) -> Response:
        if self.connection is None:
            url = urlsplit(request.url)
            self.connection = socket.create_connection((url.hostname, url.port), 5)
            self.bytes = self.connection.makefile("rb")
        self.connection.sendall(b"GET /v2/x?q=1 HTTP/1.1\r\nHost: x\r\n\r\n")
        if not self.bytes.readline().startswith(b"HTTP/1.1 200"):
            raise NoAnswer("no response", reason="protocol")
        length = self.bytes.readline().split()[1].decode()
        self.bytes.readline()
        return Response(200, {"Content-Length": length}, self.bytes.read(int(length)))

    def close(self) -> None:
        if self.connection is not None:
            self.bytes.close()
            self.connection.close()


class AsyncBuffers(Buffers):
    async def send(  # type: ignore[override]
        self, request: Request, timeout: Timeout | None
    ) -> Response:
        return super().send(request, timeout)


class Hangs:
    """Waits forever, even without its connection."""

    freed: threading.Event

    def send(self, request: Request, timeout: Timeout | None) -> Response:
        self.freed.wait()
        return OK_RESPONSE


class Invents:
    def send(self, request: Request, timeout: Timeout | None) -> Response:
        return OK_RESPONSE


class MixesUp(Urllib3Transport):
    """Returns the last response to all, once there are two."""

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


Send = Callable[[Request, Timeout | None], Response]


def faulty(change: Callable[[Send, Request, Timeout | None], Any]) -> Callable[[], Any]:
    """Return a good transport whose `send` is changed."""

    class Changed(Urllib3Transport):
        def send(self, request: Request, timeout: Timeout | None = None) -> Any:
            return change(super().send, request, timeout)

    Changed.__name__ = change.__name__
    return Changed


@faulty
def retries(send: Send, request: Request, timeout: Timeout | None) -> Response:
    try:
        return send(request, timeout)
    except NoAnswer:
        return send(request, timeout)


@faulty
def sends_twice(send: Send, request: Request, timeout: Timeout | None) -> Response:
    send(request, timeout)
    return send(request, timeout)


@faulty
def follows(send: Send, request: Request, timeout: Timeout | None) -> Response:
    response = send(request, timeout)
    if location := response.headers.get("location"):
        send(Request("GET", urljoin(request.url, location)), timeout)
    return response


@faulty
def never_sent(send: Send, request: Request, timeout: Timeout | None) -> Response:
    try:
        return send(request, timeout)
    except TransportError:
        raise NotSent("something went wrong", reason="closed") from None


@faulty
def always_sent(send: Send, request: Request, timeout: Timeout | None) -> Response:
    try:
        return send(request, timeout)
    except TransportError:
        raise NoAnswer("something went wrong", reason="closed") from None


@faulty
def knows_one_limit(send: Send, request: Request, timeout: Timeout | None) -> Response:
    total = (timeout or Timeout()).total
    return send(request, Timeout(total, total, total))


@faulty
def adds_a_type(send: Send, request: Request, timeout: Timeout | None) -> Response:
    headers = (*request.headers, ("Content-Type", "text/plain"))
    return send(evolve(request, headers=headers), timeout)


@faulty
def drops_repeated_fields(send: Send, request: Request, timeout: Timeout | None) -> Response:
    return send(evolve(request, headers=dict(request.headers)), timeout)


@faulty
def returns_a_tuple(send: Send, request: Request, timeout: Timeout | None) -> Any:
    response = send(request, timeout)
    return response.status, response.body


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Shorten the waits of the runner, and wait at the end for the threads that still run."""
    threads = set(threading.enumerate())
    Hangs.freed = threading.Event()
    for name, seconds in (("MARGIN", 0.5), ("GRACE", 0.5), ("PATIENCE", 0.25)):
        monkeypatch.setattr(runner, name, seconds)
    yield
    Hangs.freed.set()
    for thread in set(threading.enumerate()) - threads:
        if not thread.name.startswith("Trio"):  # trio keeps idle threads for a while
            thread.join(PATIENCE)
            assert not thread.is_alive()


def seen(number: int, expected: str) -> str:
    return (
        f"{expected} to reach the server, and no byte of one that is NotSent, but it saw {number}"
    )


NO = OK.replace("ok", "no")
OPEN = "a connection that is closed after a failure, but it is still open"
BROKEN = "a Content-Length, a close after any byte, after {} of 43"
ADDED = "content-type to be None, but ['text/plain'] came"
DROPPED = "x-many to be ['one', 'two'], but ['two'] came"
CHANGED = "'GET /v2/x? HTTP/1.1', but 'GET /v2/x HTTP/1.1' came"
TUPLE = f"{OK}, but it returned (200, b'ok'), which is no Response"
WRONG = "something went wrong"
FOREIGN = (
    "NotSent, but it raised ConnectionRefusedError ([Errno 111] Connection refused), "
    "which is neither NotSent nor NoAnswer"
)
FAULTS = [
    (Naive, REQUESTS, "an empty query", CHANGED),
    (Naive, FRAMINGS, "after 103", f"{OK}, but it returned 103 [('Link', '</a>')] b''"),
    (Naive, NOT_HTTP, "HTTP/0.9", f"NoAnswer, but it returned {OK}"),
    (Naive, BOUNDS, "no end, interim responses", ENDLESS),
    (Naive, BROKEN_RESPONSES, BROKEN.format(12), "NoAnswer, but it returned 200 [] b''"),
    (Naive, TIME_LIMITS, "a byte at a time, a head", ENDLESS),
    (knows_one_limit, TIME_LIMITS, "silence, at once", ENDLESS),
    (TrustsAll, NOT_SENT, "a certificate that is not trusted", f"NotSent, but it returned {OK}"),
    (retries, BROKEN_RESPONSES, BROKEN.format(0), seen(2, "1 request")),
    (retries, KEPT_CONNECTIONS, "an end at a second request, a close", seen(7, "4 requests")),
    (sends_twice, STATUSES, "2xx, 200", seen(2, "1 request")),
    (follows, REDIRECTS, "GET to /v2/elsewhere, 300", seen(2, "1 request")),
    (never_sent, BROKEN_RESPONSES, BROKEN.format(0), f"NoAnswer, but it raised NotSent ({WRONG})"),
    (
        never_sent,
        BROKEN_REQUESTS,
        "a close after a part of a request, 0 bytes, with a body of 2",
        seen(1, "0 requests"),
    ),
    (always_sent, NOT_SENT, "no listener", f"NotSent, but it raised NoAnswer ({WRONG})"),
    (adds_a_type, REQUESTS, "a plain target", ADDED),
    (drops_repeated_fields, REQUESTS, "repeated, empty and unusual header fields", DROPPED),
    (returns_a_tuple, STATUSES, "2xx, 200", TUPLE),
    (Invents, REQUESTS, "a plain target", "1 request to reach the server, but it saw 0"),
    (Buffers, LEFTOVERS, "a second response", f"{OK}, but it returned {NO}"),
    (Buffers, NOT_HTTP, "nothing", OPEN),
    (Buffers, NOT_SENT, "no listener", FOREIGN),
    (Hangs, TIME_LIMITS, "silence, at once", ENDLESS),
]


@pytest.mark.exhaustive(sample=3)
@pytest.mark.parametrize(
    ("make", "scenarios", "name", "expected"),
    FAULTS,
    ids=[f"{make.__name__}, {name}" for make, _, name, _ in FAULTS],
)
def test_a_transport_with_a_fault_does_not_conform(
    make: Callable[[], Any],
    scenarios: Sequence[Scenario],
    name: str,
    expected: str,
    short_waits: None,
    untrusted: ssl.SSLContext,
) -> None:
    [scenario] = [scenario for scenario in scenarios if str(scenario) == name]
    target = Target(make, blocking, untrusted=untrusted)
    assert failures([scenario], target) == [f"{name}: expected {expected}"]


@pytest.mark.parametrize("runtime", [on_asyncio, on_trio])
def test_an_async_transport_that_leaves_its_connection_open_does_not_conform(
    runtime: Runtime, short_waits: None
) -> None:
    [nothing] = [scenario for scenario in NOT_HTTP if scenario.name == "nothing"]
    assert failures([nothing], Target(AsyncBuffers, runtime)) == [f"nothing: expected {OPEN}"]


def test_mixed_up_responses_do_not_conform(short_waits: None) -> None:
    [first, second] = failures(AT_ONCE, Target(MixesUp, blocking))
    assert first.startswith("2 at once: expected 200 ")
    assert second.startswith("20 at once: expected 200 ")


def test_every_failure_of_a_batch_is_reported_and_no_later_scenario_runs() -> None:
    wrong = evolve(ONE, exchanges=(get(NoAnswer),))
    scenarios = [evolve(wrong if n > 22 else ONE, variant=str(n)) for n in range(30)]
    assert failures(scenarios, Target(Urllib3Transport, blocking)) == [
        f"one, 23: expected NoAnswer, but it returned {OK}"
    ]


def test_an_error_of_a_server_is_no_fault_of_the_transport(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    freed = threading.Event()

    def fails(peer: Peer) -> None:
        ok(peer)
        raise ZeroDivisionError

    def hangs(peer: Peer) -> None:
        ok(peer)
        freed.wait()

    target = Target(Urllib3Transport, blocking)
    with pytest.raises(ZeroDivisionError):
        failures([evolve(ONE, handler=fails)], target)
    monkeypatch.setattr("server.PATIENCE", 0.1)
    with pytest.raises(AssertionError, match="a handler does not end"):
        failures([evolve(ONE, handler=hangs)], target)
    freed.set()


def test_an_error_when_a_transport_is_made_passes_through() -> None:
    with pytest.raises(ZeroDivisionError):
        failures([ONE], Target(lambda: 1 / 0, blocking))


@pytest.mark.parametrize(
    ("runtime", "methods", "called"),
    [
        (blocking, ("__enter__", "__exit__", "close"), ["__enter__", "__exit__"]),
        (blocking, ("close",), ["close"]),
        (blocking, (), []),
        (on_trio, ("__aenter__", "__aexit__", "aclose"), ["__aenter__", "__aexit__"]),
        (on_trio, ("aclose", "close"), ["aclose"]),
        (on_asyncio, ("__enter__", "__exit__", "aclose"), ["__enter__", "__exit__"]),
        (on_asyncio, ("close",), ["close"]),
        (on_asyncio, (), []),
    ],
)
def test_a_transport_is_closed_by_its_own_method(
    runtime: Runtime, methods: tuple[str, ...], called: list[str]
) -> None:
    calls: list[str] = []

    def method(name: str) -> Callable[..., Any]:
        def noted(self: Any, *error: Any) -> Any:
            calls.append(name)
            return self if name in ("__enter__", "__aenter__") else None

        async def awaited(self: Any, *error: Any) -> Any:
            return noted(self)

        return awaited if name.startswith(("a", "__a")) else noted

    def send(self: Any, request: Request, timeout: Timeout | None) -> Response:
        with Urllib3Transport() as transport:
            return transport.send(request, timeout)

    async def send_async(self: Any, request: Request, timeout: Timeout | None) -> Response:
        return send(self, request, timeout)

    make = type("Closes", (), {name: method(name) for name in methods})
    make.send = send if runtime is blocking else send_async  # type: ignore[attr-defined]
    assert failures([ONE], Target(make, runtime)) == []
    assert calls == called


GIVEN = Exchange((), "PUT", "/x", (("X-One", "1"), ("X-Two", "2"), ("x-one", "")), b"ok")
GOOD = (
    b"PUT /x HTTP/1.1\r\nHost: h:1\r\nx-two: 2\r\nX-One:1 \r\nAccept: */*\r\nX-One:\r\n"
    b"Content-Length: 2\r\n\r\nok"
)


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        (b"", b"", ""),
        (b"/x", b"/y", "'PUT /x HTTP/1.1', but 'PUT /y HTTP/1.1' came"),
        (b"ok", b"o", "its 2 bytes of body, but 1, b'o', came"),
        (b"h:1", b"h", "host to be ['h:1'], but ['h'] came"),
        (b"Host", b"Accept", "host to be ['h:1'], but None came"),
        (b"Host", b"Host: x\r\nHost", "host to be ['h:1'], but ['x', 'h:1'] came"),
        (b"Host", b"Content-length: 2\r\nHost", "content-length to be ['2'], but ['2', '2'] came"),
        (b"Content-Length: 2", b"Connection: x", "content-length to be ['2'], but None came"),
        (b"X-One:1", b"X-One:2", "x-one to be ['1', ''], but ['2', ''] came"),
        (b"Accept", b"Referer", "referer to be None, but ['*/*'] came"),
    ],
)
def test_a_request_is_compared_with_the_given_one(old: bytes, new: bytes, difference: str) -> None:
    assert request_difference(GIVEN, GOOD.replace(old, new, 1), "h:1") == difference


@pytest.mark.parametrize(
    ("length", "difference"),
    [
        (b"", ""),
        (b"Content-Length: 0\r\n", ""),
        (b"Content-Length: 1\r\n", "content-length to be ['0'], but ['1'] came"),
    ],
)
def test_a_request_without_a_body_may_have_a_content_length(length: bytes, difference: str) -> None:
    came = b"GET / HTTP/1.1\r\nHost: h:1\r\n" + length + b"\r\n"
    assert request_difference(Exchange((), target="/"), came, "h:1") == difference


def test_every_lenient_cell_names_a_scenario() -> None:
    known = {str(scenario) for scenario in (*REQUESTS, *FRAMINGS, *NOT_HTTP)}
    assert set(LENIENT) <= known
    assert len(LENIENT) == 30


def test_a_lenient_cell_must_differ_as_the_table_says() -> None:
    target = Target(Urllib3Transport, blocking)
    other = Scenario("other", ok, (get(Response(204)),))
    differs = f"returned {OK}"
    assert failures_beyond({"other": f"it {differs}"}, [ONE, other], target) == []
    assert failures_beyond({"one": "x", "other": "y"}, [ONE, other], target) == [
        "one: it conforms, where LENIENT has: x",
        f"other: expected 204 [] b'', but it {differs}, where LENIENT has: y",
    ]


# The suite on a transport of the user's own.

OWN = """
from calcom_transports.urllib3 import Urllib3Transport

class Follows:
    def send(self, request, timeout):
        with Urllib3Transport() as transport:
            response = transport.send(request, timeout)
            if "location" in response.headers:
                transport.send(request, timeout)
            return response
"""


@pytest.fixture
def suite(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., pytest.RunResult]:
    """Return a function that runs a test of the suite, in a process that can import `own`."""
    pytester.makepyfile(own=OWN)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # it needs none, and starts faster
    root = Path(__file__).parent.parent.parent

    def run(*args: str) -> pytest.RunResult:
        settings = ("-c", str(root / "pyproject.toml"), "--rootdir", str(root))
        test = str(root / "tests/conformance/test_conformance.py::test_no_redirect_is_followed")
        return pytester.runpytest_subprocess(*settings, "-p", "no:cacheprovider", test, *args)

    return run


def test_the_failures_of_a_custom_transport_are_reported(
    suite: Callable[..., pytest.RunResult],
) -> None:
    result = suite("--transport", "own:Follows")
    result.assert_outcomes(failed=4)  # in clear only: it takes no context
    for line in (
        "_____ test_no_redirect_is_followed[own:Follows-clear-GET to /v2/elsewhere] _____",
        f"GET to /v2/elsewhere, 308: expected {seen(2, '1 request')}",
        "Credentials would go to another server, and a write would be sent again.",
    ):
        assert line in result.outlines


@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize(
    "args",
    [
        ("calcom_transports.trio:TrioTransport",),
        ("calcom_transports.asyncio:AsyncioTransport", "--runtime", "asyncio"),
    ],
)
def test_an_async_transport_runs_under_trio_or_asyncio_and_over_tls_too(
    args: tuple[str, ...], suite: Callable[..., pytest.RunResult]
) -> None:
    suite("--transport", *args).assert_outcomes(passed=8)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nowhere:Transport", "No module named 'nowhere'"),
        ("server:Absent", "module 'server' has no attribute 'Absent'"),
        ("server:responding", "'function' object has no attribute 'send'"),
    ],
)
def test_a_name_without_a_transport_is_refused(name: str, reason: str) -> None:
    with pytest.raises(pytest.UsageError) as caught:
        found(name, on_trio)
    assert str(caught.value) == (
        f"--transport {name!r} is not MODULE:CLASS, with a method `send`: {reason}"
    )
