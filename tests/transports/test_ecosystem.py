"""The blocking transport with tools for urllib3: VCR.py, OpenTelemetry, Sentry, SOCKS proxies."""

import importlib
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import trustme
import urllib3
import vcr
from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sending import OK, OK_RESPONSE, get, post, run_python
from server import (
    PATIENCE,
    Handler,
    NeverAccepting,
    Peer,
    Server,
    responding,
    responding_once,
    stalling,
)
from urllib3.contrib.socks import SOCKSProxyManager
from vcr.errors import CannotOverwriteExistingCassetteException

from calcom_core import bookings
from calcom_core.effects import send
from calcom_core.errors import InvalidInput, NoAnswer, NotSent, TransportError
from calcom_core.http import Request, Timeout
from calcom_transports import Client
from calcom_transports.urllib3 import Urllib3Transport

KINDS = {
    "default": Urllib3Transport,
    "own pool": lambda: Urllib3Transport(pool=urllib3.PoolManager()),
}


def numbered(peer: Peer) -> None:
    """Respond to each request with its number."""
    while peer.request():
        number = str(len(peer.server.requests)).encode()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(number), number))


def body(client: Client, uid: str = "bk7") -> bytes:
    request = client.api.request(bookings.get(uid))
    return client.run(send(request)).body


# VCR.py


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("mode", "first", "second"),
    [
        # The results of two calls at the first use of a cassette, and at the second.
        ("once", [b"1", b"2"], [b"1", b"2"]),
        ("new_episodes", [b"1", b"2"], [b"1", b"2"]),
        ("all", [b"1", b"2"], [b"3", b"4"]),
    ],
)
def test_vcr_records_and_replays(
    kind: str, mode: str, first: list[bytes], second: list[bytes], tmp_path: Path
) -> None:
    with Server(numbered) as server:
        for expected in (first, second):
            transport = KINDS[kind]()
            with (
                vcr.use_cassette(str(tmp_path / "c.yaml"), record_mode=mode),
                Client("cal_test_x", base_url=server.url, transport=transport) as client,
            ):
                assert [body(client), body(client)] == expected
        sent = len(server.requests)
        # The cassette is no longer in use: the next call is real.
        with Client("cal_test_x", base_url=server.url) as client:
            assert [body(client), body(client)] == [b"%d" % (sent + 1), b"%d" % (sent + 2)]
    assert sent == (4 if mode == "all" else 2)


@pytest.mark.parametrize("kind", KINDS)
def test_vcr_refuses_an_unrecorded_request(kind: str, tmp_path: Path) -> None:
    cassette = str(tmp_path / "c.yaml")
    with Server(numbered) as server:
        with (
            Client("cal_test_x", base_url=server.url, transport=KINDS[kind]()) as client,
            vcr.use_cassette(cassette, record_mode="once"),
        ):
            assert body(client) == b"1"
        with (
            Client("cal_test_x", base_url=server.url, transport=KINDS[kind]()) as client,
            vcr.use_cassette(cassette, record_mode="none"),
        ):
            assert body(client) == b"1"
            with pytest.raises(CannotOverwriteExistingCassetteException):
                body(client, "bk8")
        assert len(server.requests) == 1


def test_one_client_works_before_in_and_after_many_cassettes(tmp_path: Path) -> None:
    """A pool of two connections loses none."""
    with Server(numbered) as server, Urllib3Transport(max_connections=2) as transport:
        client = Client("cal_test_x", base_url=server.url, transport=transport)
        assert body(client) == b"1"
        for number in range(5):
            with vcr.use_cassette(str(tmp_path / f"{number}.yaml")):
                assert body(client) == b"%d" % (2 * number + 2)
            assert body(client) == b"%d" % (2 * number + 3)
    assert server.connections == 1 + 5  # one kept, and one for each recording


@pytest.mark.parametrize("early", [True, False])
def test_the_transport_may_be_imported_while_a_cassette_is_in_use(
    early: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("calcom_transports.urllib3", "calcom_transports.urllib3_connection")
    for name in () if early else names:
        package, _, attribute = name.partition(".")
        monkeypatch.setattr(sys.modules[package], attribute, sys.modules[name])  # to restore it
        monkeypatch.delitem(sys.modules, name)
        # To import it again changes the package, too; here that is undone at the end.
        package, _, attribute = name.rpartition(".")
        monkeypatch.setattr(sys.modules[package], attribute, None)
    with Server(numbered) as server:
        with vcr.use_cassette(str(tmp_path / "c.yaml")) as cassette:
            kind = importlib.import_module(names[0]).Urllib3Transport
            transport = kind()
            assert transport.send(get(server)).body == b"1"
        assert len(cassette) == 1
        with transport:
            assert transport.send(get(server)).body == b"2"


RECORDED = """
import pytest
import vcr

from calcom_core import bookings
from calcom_core.effects import send
from calcom_transports import Client


@pytest.mark.vcr
@pytest.mark.parametrize("uid", ["a", "b"])
def test_one(uid, pytestconfig):
    with Client("cal_test_x", base_url={url!r}) as client:
        assert client.run(send(client.api.request(bookings.get(uid)))).body == b"ok"
"""


def test_the_marker_of_pytest_recording_records_and_replays(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    with Server(responding(OK)) as server:
        pytester.makepyfile(RECORDED.format(url=server.url))
        # The plugin and VCR.py are imported already, too late for pytest to rewrite their asserts.
        quiet = ("-W", "error", "-W", "ignore::pytest.PytestAssertRewriteWarning")
        arguments = ("-p", "no:cacheprovider", "-p", "pytest_recording.plugin", *quiet)
        for mode in ("once", "none"):
            result = pytester.runpytest_inprocess(f"--record-mode={mode}", *arguments)
            result.assert_outcomes(passed=2)
        assert len(server.requests) == 2


# Instrumentation


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = URLLib3Instrumentor()
    instrumentor.instrument(tracer_provider=provider)
    yield exporter
    instrumentor.uninstrument()
    provider.shutdown()


@pytest.mark.parametrize("kind", KINDS)
def test_opentelemetry_has_one_span_a_call(kind: str, spans: InMemorySpanExporter) -> None:
    with Server(responding(OK)) as server, KINDS[kind]() as transport:
        assert transport.send(get(server)) == transport.send(post(server)) == OK_RESPONSE
        assert transport.send(get(server)) == OK_RESPONSE
    finished: list[Any] = list(spans.get_finished_spans())
    assert [span.name for span in finished] == ["GET", "POST", "GET"]
    assert [span.attributes["http.status_code"] for span in finished] == [200] * 3
    # The trace goes with each request, and no longer than that.
    traces = [sent.lower().count(b"\r\ntraceparent: ") for sent in server.requests]
    assert traces == [1, 1, 1]
    assert len({span.context.trace_id for span in finished}) == 3
    with Server(responding(OK)) as server, KINDS[kind]() as transport:
        URLLib3Instrumentor().uninstrument()
        transport.send(get(server))
    assert b"traceparent" not in server.requests[0].lower()


SENTRY = """
import sys

import sentry_sdk

from calcom_core import Request
from calcom_transports.urllib3 import Urllib3Transport

crumbs = []
sentry_sdk.init(
    dsn="http://key@127.0.0.1:1/1",
    transport=lambda event: None,
    before_breadcrumb=lambda crumb, hint: crumbs.append(crumb),
)
with Urllib3Transport() as transport:
    for method in ("GET", "POST"):
        assert transport.send(Request(method, sys.argv[1] + "/v2/x")).body == b"ok"
for crumb in crumbs:
    status = {"status_code", "http.response.status_code"} & crumb["data"].keys()
    print(crumb["type"], crumb["data"]["http.method"], crumb["data"][status.pop()])
"""


def test_sentry_has_one_breadcrumb_a_call() -> None:
    with Server(responding(OK)) as server:
        done = run_python(SENTRY, server.url)
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["http GET 200", "http POST 200"]


# A pool of the user's own


@pytest.fixture(scope="module")
def socks() -> Iterator[int]:
    """Run a SOCKS5 proxy; yield its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    # With uvloop it does not start.
    program = "import sys; sys.modules['uvloop'] = None; from pproxy.server import main; main()"
    command = [sys.executable, "-u", "-c", program, "-l", f"socks5://127.0.0.1:{port}"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"Serving on ipv? 127.0.0.1:{port} by socks5 \n"
        yield port
        process.terminate()


def test_a_pool_may_go_through_a_socks_proxy(socks: int, trusting: Any, certified: Any) -> None:
    with (
        Server(responding(OK)) as plain,
        Server(responding(OK), tls=certified) as encrypted,
        SOCKSProxyManager(f"socks5h://127.0.0.1:{socks}", ssl_context=trusting) as pool,
        Urllib3Transport(pool=pool) as transport,
    ):
        for server in (plain, encrypted):
            assert transport.send(get(server)) == transport.send(post(server)) == OK_RESPONSE
            assert server.connections == 1
    assert b"Host: " in plain.requests[0]


Failure = tuple[type[TransportError], str]


def failure(pool: urllib3.PoolManager, url: str, **limits: float) -> Failure:
    transport = Urllib3Transport(pool=pool, allow_http=True)
    with transport, pytest.raises(TransportError) as caught:
        transport.send(Request("POST", url, (), b"{}"), Timeout(**limits))
    return type(caught.value), caught.value.reason


def test_a_pool_without_a_connection_means_not_sent(
    trusting: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        refusing = f"127.0.0.1:{bound.getsockname()[1]}"
        for pool in (
            urllib3.PoolManager(),
            SOCKSProxyManager(f"socks5://{refusing}"),
            urllib3.ProxyManager(f"http://{refusing}"),
        ):
            with pool:
                assert failure(pool, f"http://{refusing}/")[0] is NotSent
    with urllib3.PoolManager() as pool, urllib3.PoolManager(ssl_context=trusting) as tls_pool:
        assert failure(pool, "https://nowhere.invalid/") == (NotSent, "host")
        with NeverAccepting() as silent:
            url = f"http://127.0.0.1:{silent.address[1]}/"
            assert failure(pool, url, connect=0.1) == (NotSent, "timeout")
        other = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        trustme.CA().issue_cert("localhost").configure_cert(other)
        with Server(responding(OK), tls=other) as server:
            assert failure(tls_pool, server.url) == (NotSent, "tls")
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"
    with Server(responding_once(refusal)) as proxy, urllib3.ProxyManager(proxy.url) as pool:
        assert failure(pool, "https://api.elsewhere.test/") == (NotSent, "proxy")


def test_a_pool_whose_connections_are_all_in_use_means_not_sent() -> None:
    with (
        Server(stalling()) as server,
        urllib3.PoolManager(maxsize=1, block=True) as pool,
        ThreadPoolExecutor() as threads,
    ):
        held = threads.submit(failure, pool, server.url, read=0.3)
        assert server.requested.wait(PATIENCE)
        assert failure(pool, server.url, connect=0.05) == (NotSent, "pool")
        assert held.result() == (NoAnswer, "timeout")
        assert len(server.requests) == 1


CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        (stalling(), "timeout"),
        (stalling(CUT), "timeout"),
        (responding_once(b""), "closed"),
        (responding_once(CUT), "closed"),
        (responding_once(b"SSH-2.0-x\r\n\r\n"), "protocol"),
        (responding_once(b"HTTP/1.1 103 Early\r\n\r\n"), "protocol"),
        (responding(CUT.replace(b"9", b"99999999") + bytes(99_999_999)), "too-large"),
    ],
)
def test_a_failure_of_a_custom_pool_after_sending_is_no_answer(
    handler: Handler, reason: str
) -> None:
    with Server(handler) as server, urllib3.PoolManager() as pool:
        assert failure(pool, server.url, read=0.2) == (NoAnswer, reason)
        assert server.hung_up.wait(PATIENCE)
    assert len(server.requests) == 1
    if "timeout" not in reason:
        # Through a proxy urllib3 raises `ProxyError`, though the request has been sent.
        with Server(handler) as proxy, urllib3.ProxyManager(proxy.url) as pool:
            assert failure(pool, "http://api.elsewhere.test/", read=0.2) == (NoAnswer, reason)
        assert len(proxy.requests) == 1


def test_a_tls_failure_of_a_custom_pool_leaves_the_outcome_unknown(
    trusting: ssl.SSLContext,
) -> None:
    def no_tls(peer: Peer) -> None:
        peer.connection.recv(65_536)
        peer.send(b"220 smtp.calendar.test ESMTP\r\n")

    with Server(no_tls) as server, urllib3.PoolManager(ssl_context=trusting) as pool:
        url = server.url.replace("http:", "https:")
        assert failure(pool, url) == (NoAnswer, "tls")


def test_a_custom_pool_retries_nothing_and_follows_no_redirect() -> None:
    busy = b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"
    moved = b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"
    for response in (busy, moved):
        with Server(responding(response)) as server, urllib3.PoolManager(retries=5) as pool:
            with Urllib3Transport(pool=pool) as transport:
                assert transport.send(get(server)).status in (302, 503)
                assert transport.send(get(server)).status in (302, 503)
            assert len(server.requests) == 2
            assert server.connections == 1
            with pytest.raises(NotSent, match="the transport is closed"):
                transport.send(get(server))
            assert pool.request("GET", server.url, retries=False).status in (302, 503)  # still open


def test_an_interrupt_in_a_custom_pool_is_named_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def interrupted(*args: object) -> None:
        raise KeyboardInterrupt

    with Server(responding(OK)) as server, urllib3.PoolManager() as pool:
        transport = Urllib3Transport(pool=pool)
        monkeypatch.setattr("calcom_transports.body.Body.feed", interrupted)
        with pytest.raises(KeyboardInterrupt):
            transport.send(post(server))
        monkeypatch.undo()
        assert transport.send(post(server)) == OK_RESPONSE
    assert "cancelled after it was sent" in caplog.text


@pytest.mark.parametrize(
    "options",
    [{"max_connections": 3}, {"max_idle": 9}, {"proxy": "http://h:1"}, {"ssl_context": "trusting"}],
)
def test_a_custom_pool_excludes_the_options_of_the_default_pool(
    options: dict[str, Any], trusting: Any
) -> None:
    options = {name: trusting if value == "trusting" else value for name, value in options.items()}
    with urllib3.PoolManager() as pool, pytest.raises(InvalidInput) as caught:
        Urllib3Transport(pool=pool, **options)
    assert str(caught.value) == (
        "pool: has its own TLS, proxies and connections; "
        "leave out ssl_context, proxy, max_connections and max_idle"
    )
    with pytest.raises(InvalidInput, match=r"pool: must be a urllib3\.PoolManager"):
        Urllib3Transport(pool="x")  # type: ignore[arg-type]
