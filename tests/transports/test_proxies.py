"""Exchanges through a proxy on the loopback interface, and the choice of the proxy."""

import select
import socket
import ssl
from base64 import b64encode
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import anyio.to_thread
import pytest
import trustme
from anyio import create_task_group
from hypothesis import given
from hypothesis import strategies as st
from sending import (
    ASYNC,
    OK,
    OK_RESPONSE,
    each_async_transport,
    each_transport,
    exchange,
    failure,
    under,
)
from server import PATIENCE, Handler, Peer, Server, responding, responding_once, stalling

from calcom_core.errors import InvalidInput, NoAnswer, NotSent
from calcom_core.http import Request, Response, Timeout
from calcom_core.secret import Secret
from calcom_transports.proxies import Proxies, Proxy, parse_proxies
from calcom_transports.urllib3 import Urllib3Transport
from calcom_transports.urls import Origin

ELSEWHERE = "api.elsewhere.test"
"""A host that only the proxy can resolve."""


def proxying(origin: Server) -> Handler:
    """Return a proxy that connects every host to *origin*: by HTTP for http, CONNECT for https."""

    def handler(peer: Peer) -> None:
        while wire := peer.request():
            method, target, _ = wire.split(b" ", 2)
            with socket.create_connection(("127.0.0.1", origin.port)) as onward:
                if method == b"CONNECT":
                    peer.send(b"HTTP/1.1 200 Connection established\r\nVia: 1.1 p\r\n\r\n")
                    relay(peer.connection, onward)
                    return
                url = urlsplit(target.decode())
                path = url._replace(scheme="", netloc="").geturl()
                onward.sendall(wire.replace(target, path.encode(), 1))
                peer.send(onward.recv(65_536))

    return handler


def relay(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until either side ends."""
    while True:
        ready, _, _ = select.select([one, other], [], [], PATIENCE)
        for source in ready:
            data = source.recv(65_536)
            if not data:
                return
            (other if source is one else one).sendall(data)


def no_name(*args: object, **kwargs: object) -> list[Any]:
    """Fail like a resolver that finds no host."""
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def through(server: Server, name_and_password: str = "") -> str:
    return f"http://{name_and_password}127.0.0.1:{server.port}"


@pytest.fixture
def elsewhere(authority: trustme.CA) -> ssl.SSLContext:
    """Return the TLS context of a server that only the proxy can resolve."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(ELSEWHERE).configure_cert(context)
    return context


@each_transport
def test_https_uses_a_tunnel_that_the_proxy_cannot_read(
    kind: str, elsewhere: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    names = []
    elsewhere.sni_callback = lambda connection, name, context: names.append(name)
    request = Request("POST", f"https://{ELSEWHERE}:8443/v2/x?q=1", {"X-Key": "key"}, b"{}")
    with (
        Server(responding(OK), tls=elsewhere) as server,
        Server(proxying(server)) as proxy,
    ):
        url = through(proxy, "ann:s%3Acret@")
        options: dict[str, Any] = {"proxy": url, "ssl_context": trusting}
        responses = exchange(kind, request, request, **options)

    assert responses == [OK_RESPONSE] * 2
    assert (
        server.requests
        == [
            b"POST /v2/x?q=1 HTTP/1.1\r\nHost: api.elsewhere.test:8443\r\nX-Key: key\r\n"
            b"Accept-Encoding: gzip\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}"
        ]
        * 2
    )
    (connect,) = proxy.requests
    assert connect.startswith(b"CONNECT api.elsewhere.test:8443 HTTP/1.")
    authorization = b"\r\nProxy-Authorization: Basic %s\r\n" % b64encode(b"ann:s:cret")
    assert authorization in connect
    assert b"X-Key" not in connect
    assert (server.connections, names) == (1, [ELSEWHERE])


@each_transport
def test_http_is_sent_to_the_proxy_with_the_absolute_url(kind: str) -> None:
    request = Request("GET", f"http://{ELSEWHERE}/v2/x?q=%2B#here", {"X-Key": "key"})
    bare = Request("DELETE", f"http://{ELSEWHERE}:8080?q")
    with Server(responding(OK)) as server, Server(proxying(server)) as proxy:
        options: dict[str, Any] = {"proxy": through(proxy, "ann:p%40ss@"), "allow_http": True}
        responses = exchange(kind, request, request, bare, **options)

    authorization = b"Proxy-Authorization: Basic %s" % b64encode(b"ann:p@ss")
    assert responses == [OK_RESPONSE] * 3
    added = [authorization, b"Accept-Encoding: gzip", b"Connection: keep-alive"]
    first = [b"GET http://api.elsewhere.test/v2/x?q=%2B HTTP/1.1", b"Host: api.elsewhere.test"]
    last = [b"DELETE http://api.elsewhere.test:8080/?q HTTP/1.1", b"Host: api.elsewhere.test:8080"]
    assert [sorted(sent.strip().split(b"\r\n")) for sent in proxy.requests] == [
        *[sorted([*first, *added, b"X-Key: key"])] * 2,
        sorted([*last, *added]),
    ]
    # urllib3 has a connection for each proxy, the others for each origin.
    assert proxy.connections == (1 if kind == "urllib3" else 2)


@each_transport
def test_a_proxy_does_not_allow_unencrypted_requests(kind: str) -> None:
    unencrypted = pytest.raises(InvalidInput, match="would send credentials unencrypted")
    with Server(responding(OK)) as proxy, unencrypted:
        exchange(kind, Request("GET", f"http://{ELSEWHERE}/"), proxy=through(proxy))
    assert proxy.connections == 0


@each_transport
def test_requests_to_this_machine_bypass_any_proxy(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(responding(OK)) as server, Server(responding(OK)) as proxy:
        monkeypatch.setenv("http_proxy", through(proxy))
        request = Request("GET", server.url)
        assert exchange(kind, request) == [OK_RESPONSE]
        assert exchange(kind, request, proxy=through(proxy)) == [OK_RESPONSE]
    assert (server.connections, proxy.connections) == (2, 0)


@each_transport
def test_the_environment_proxy_is_used_unless_an_option_overrides_it(
    kind: str, elsewhere: ssl.SSLContext, trusting: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = Request("GET", f"https://{ELSEWHERE}/")
    with Server(responding(OK), tls=elsewhere) as server, Server(proxying(server)) as proxy:
        monkeypatch.setenv("https_proxy", through(proxy))
        assert exchange(kind, request, ssl_context=trusting) == [OK_RESPONSE]
        monkeypatch.setattr(socket, "getaddrinfo", no_name)
        found = failure(kind, request, ssl_context=trusting, proxy=None)
        assert found[:2] == (NotSent, "host")
        monkeypatch.setenv("no_proxy", "elsewhere.test")
        assert failure(kind, request, ssl_context=trusting)[:2] == (NotSent, "host")
        monkeypatch.undo()
    assert (server.connections, proxy.connections) == (1, 1)


HELLO = b"HTTP/1.1 200 OK\r\n\r\n"


@each_transport
@pytest.mark.parametrize(
    ("response", "did"),
    [
        (
            b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 6\r\n\r\nsecret",
            "wants another name and password (407); put them into its URL",
        ),
        (
            b"HTTP/1.1 403 Forbidden\r\n\r\n",
            "refused (status 403); have it allow that, or use another",
        ),
        (
            b"HTTP/1.1 429 Too Many Requests\r\n\r\n",
            "refused (status 429); have it allow that, or use another",
        ),
        (
            b"HTTP/1.1 302 Found\r\nLocation: https://x/\r\n\r\n",
            "refused (status 302); have it allow that, or use another",
        ),
        (HELLO + b"x", "sent more than its response"),
        (b"SSH-2.0-x\r\n\r\n", "sent something else than HTTP/1.1"),
        (b"HTTP/1.1 20 OK\r\n\r\n", "sent something else than HTTP/1.1"),
        (b"x" * 70_000, "sent something else than HTTP/1.1"),
    ],
)
def test_a_proxy_that_refuses_means_not_sent(
    kind: str, response: bytes, did: str, trusting: ssl.SSLContext
) -> None:
    if kind == "urllib3" and response.endswith(b"\r\n\r\nx"):
        # http.client does not notice it, but TLS does
        assert not_connected(kind, response, trusting)[0] is NotSent
        return
    assert not_connected(kind, response, trusting) == (
        NotSent,
        "proxy",
        f"POST /v2/x: the proxy 127.0.0.1:PORT, on the way to api.elsewhere.test:443, {did}; "
        "the server got nothing",
    )


@each_transport
@pytest.mark.parametrize(
    ("response", "did"),
    [
        (b"HTTP/1.0 502 Bad Gateway\r\n\r\n", "failed (status 502)"),
        (b"HTTP/1.1 504 Gateway Timeout\r\n\r\n", "failed (status 504)"),
        (b"", "closed the connection"),
        (HELLO[:-1], "closed the connection"),
    ],
)
def test_a_failure_of_the_proxy_is_safe_to_retry(
    kind: str, response: bytes, did: str, trusting: ssl.SSLContext
) -> None:
    assert not_connected(kind, response, trusting) == (
        NotSent,
        "connect",
        f"POST /v2/x: the proxy 127.0.0.1:PORT, on the way to api.elsewhere.test:443, {did}; "
        "nothing was sent, a retry is safe",
    )


def not_connected(kind: str, response: bytes, trusting: ssl.SSLContext) -> Any:
    """Return the outcome of a POST through a proxy that sends this response to CONNECT."""
    request = Request("POST", f"https://{ELSEWHERE}/v2/x?q=1", (), b"{}")
    with Server(responding_once(response)) as proxy:
        found = failure(kind, request, proxy=through(proxy, "ann:secret@"), ssl_context=trusting)
        assert proxy.hung_up.wait(PATIENCE)
    assert [wire.split(b" ")[0] for wire in proxy.requests] == [b"CONNECT"]
    return *found[:2], found[2].replace(str(proxy.port), "PORT")


REFUSED = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno"


@each_transport
def test_a_proxy_that_refuses_plain_http_means_not_sent(kind: str) -> None:
    """A proxy forwards nothing without credentials: the 407 is its own and not that of the API."""
    request = Request("POST", f"http://{ELSEWHERE}/v2/x?q=1", (), b"{}")
    with Server(responding(REFUSED)) as proxy:
        options: dict[str, Any] = {"proxy": through(proxy, "ann:secret@"), "allow_http": True}
        found = failure(kind, request, **options)
        assert proxy.hung_up.wait(PATIENCE)
    assert found == (
        NotSent,
        "proxy",
        f"POST /v2/x: the proxy 127.0.0.1:{proxy.port}, on the way to api.elsewhere.test:80, "
        "wants another name and password (407); put them into its URL; the server got nothing",
    )


@each_transport
def test_a_407_from_the_server_itself_is_a_response(
    kind: str, elsewhere: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    expected = [Response(407, {"Content-Length": "2"}, b"no")]
    with Server(responding(REFUSED)) as direct:
        assert exchange(kind, Request("GET", direct.url)) == expected
    with Server(responding(REFUSED), tls=elsewhere) as server, Server(proxying(server)) as proxy:
        request = Request("GET", f"https://{ELSEWHERE}/")
        options: dict[str, Any] = {"proxy": through(proxy), "ssl_context": trusting}
        assert exchange(kind, request, **options) == expected


@each_transport
@pytest.mark.parametrize("status", [401, 403, 502])
def test_another_refusal_of_plain_http_through_a_proxy_is_a_response(
    kind: str, status: int
) -> None:
    """It may come from the proxy or from the server."""
    refusal = b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status
    request = Request("GET", f"http://{ELSEWHERE}/v2/x")
    with Server(responding(refusal)) as proxy:
        responses = exchange(kind, request, proxy=through(proxy), allow_http=True)
    assert responses == [Response(status, {"Content-Length": "0"}, b"")]


@pytest.mark.exhaustive(sample=1)
@each_transport
def test_a_proxy_may_respond_in_parts_after_interim_responses(
    kind: str, elsewhere: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    def hesitant(peer: Peer) -> None:
        peer.request()
        with socket.create_connection(("127.0.0.1", server.port)) as onward:
            # http.client treats an interim response to CONNECT as a refusal.
            interim = b"" if kind == "urllib3" else b"HTTP/1.1 100 Continue\r\n\r\n"
            peer.drip(interim + HELLO, pause=0.002)
            relay(peer.connection, onward)

    with Server(responding(OK), tls=elsewhere) as server, Server(hesitant) as proxy:
        request = Request("GET", f"https://{ELSEWHERE}/")
        responses = exchange(kind, request, proxy=through(proxy), ssl_context=trusting)
    assert responses == [OK_RESPONSE]


@pytest.mark.exhaustive(sample=1)
@each_transport
def test_a_silent_proxy_ends_with_the_connect_timeout(kind: str, trusting: ssl.SSLContext) -> None:
    request = Request("GET", f"https://{ELSEWHERE}/v2/x")
    unopened = "the proxy 127.0.0.1:PORT did not open a tunnel to api.elsewhere.test:443"
    silent = "no TLS with api.elsewhere.test:443 through the proxy 127.0.0.1:PORT"
    for start, problem in ((b"", unopened), (HELLO[:-3], unopened), (HELLO, silent)):
        with Server(stalling(start)) as proxy:
            options: dict[str, Any] = {"proxy": through(proxy), "ssl_context": trusting}
            found = failure(kind, request, within=Timeout(connect=0.1), **options)
            assert proxy.hung_up.wait(PATIENCE)
        assert found == (
            NotSent,
            "timeout",
            f"GET /v2/x: {problem.replace('PORT', str(proxy.port))} within 0.1 s "
            "(Timeout.connect); nothing was sent, a retry is safe",
        )


@each_async_transport
def test_a_proxy_that_sends_interim_responses_without_end_ends_with_the_connect_timeout(
    kind: str, trusting: ssl.SSLContext
) -> None:
    def flood(peer: Peer) -> None:
        peer.request()
        with suppress(OSError):
            while True:
                peer.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 500)

    with Server(flood) as proxy:
        options: dict[str, Any] = {"proxy": through(proxy), "ssl_context": trusting}
        request = Request("GET", f"https://{ELSEWHERE}/v2/x")
        found = failure(kind, request, within=Timeout(connect=0.1), **options)
    assert found[:2] == (NotSent, "timeout")


@each_transport
def test_a_dripping_proxy_ends_with_the_connect_timeout(
    kind: str, trusting: ssl.SSLContext
) -> None:
    def drip(peer: Peer) -> None:
        peer.request()
        peer.drip(b"HTTP/1.1 200 " + b"x" * 10_000)

    request = Request("GET", f"https://{ELSEWHERE}/v2/x")
    with Server(drip) as proxy:
        options: dict[str, Any] = {"proxy": through(proxy), "ssl_context": trusting}
        found = failure(kind, request, within=Timeout(connect=0.1), **options)
    assert found[:2] == (NotSent, "timeout")


@each_transport
def test_an_unreachable_proxy_is_named_in_the_error(kind: str) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        request = Request("GET", f"https://{ELSEWHERE}/v2/x")
        error, reason, said = failure(kind, request, proxy=f"http://ann:secret@127.0.0.1:{port}")
    assert (error, reason) == (NotSent, "refused")
    assert said.startswith(f"GET /v2/x: cannot connect to the proxy 127.0.0.1:{port} (")
    assert said.endswith("Connection refused); nothing was sent, a retry is safe")


@each_transport
def test_a_proxy_that_resets_the_connection_means_not_sent(
    kind: str, trusting: ssl.SSLContext
) -> None:
    def reset(peer: Peer) -> None:
        peer.connection.recv(1)  # a close with unread bytes is a reset

    request = Request("GET", f"https://{ELSEWHERE}/v2/x")
    with Server(reset) as proxy:
        found = failure(kind, request, proxy=through(proxy), ssl_context=trusting)
    assert found == (
        NotSent,
        "connect",
        f"GET /v2/x: the proxy 127.0.0.1:{proxy.port} did not open a tunnel to "
        "api.elsewhere.test:443 (Connection reset by peer); nothing was sent, a retry is safe",
    )


@each_transport
def test_a_server_behind_the_proxy_is_verified(
    kind: str, certified: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    request = Request("POST", f"https://{ELSEWHERE}/v2/x", (), b"secret")
    with (
        Server(responding(OK), tls=certified) as server,  # certified for localhost
        Server(proxying(server)) as proxy,
    ):
        error, reason, said = failure(kind, request, proxy=through(proxy), ssl_context=trusting)
    assert (error, reason) == (NotSent, "tls")
    assert "Hostname mismatch" in said
    assert server.requests == []


@each_transport
def test_a_response_cut_short_behind_the_proxy_is_no_answer(
    kind: str, elsewhere: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    request = Request("POST", f"https://{ELSEWHERE}/v2/x", (), b"{}")
    with (
        Server(responding_once(OK[:-1]), tls=elsewhere) as server,
        Server(proxying(server)) as proxy,
    ):
        found = failure(kind, request, proxy=through(proxy), ssl_context=trusting)
    assert found[:2] == (NoAnswer, "closed")
    assert len(server.requests) == 1


@each_transport
def test_a_tunnel_is_cancelled_or_closed_with_its_exchange(
    kind: str, trusting: ssl.SSLContext
) -> None:
    request = Request("GET", f"https://{ELSEWHERE}/")
    with Server(stalling()) as proxy:
        options: dict[str, Any] = {"proxy": through(proxy), "ssl_context": trusting}
        if kind == "urllib3":
            assert failure(kind, request, within=Timeout(total=0.1), **options)[0] is NotSent
        else:

            async def run() -> None:
                async with ASYNC[kind](**options) as transport, create_task_group() as nursery:
                    nursery.start_soon(transport.send, request)
                    await anyio.to_thread.run_sync(proxy.requested.wait, PATIENCE)
                    nursery.cancel_scope.cancel()

            under(kind, run)
        assert proxy.hung_up.wait(PATIENCE)


BASIC = Secret(b64encode(b"ann:secret").decode())
HTTP, HTTPS = Proxy("a.test", 3128), Proxy("b.test", 80)


@pytest.mark.parametrize(
    ("given", "environ", "expected"),
    [
        (None, {"HTTPS_PROXY": "http://a.test:3128"}, Proxies()),
        ("http://a.test:3128", {"NO_PROXY": "*"}, Proxies(HTTP, HTTP)),
        ("http://b.test/", {}, Proxies(HTTPS, HTTPS)),
        ("HTTP://ann:secret@A.test:3128", {}, Proxies(*[Proxy("a.test", 3128, BASIC)] * 2)),
        (
            "http://%c3%a9:@[::1]:1",
            {},
            Proxies(*[Proxy("::1", 1, Secret(b64encode("é:".encode()).decode()))] * 2),
        ),
        ("http://ann@b.test", {}, Proxies(*[Proxy("b.test", 80, Secret("YW5uOg=="))] * 2)),
        ("environment", {}, Proxies()),
        ("environment", {"HTTPS_PROXY": "http://b.test"}, Proxies(None, HTTPS)),
        ("environment", {"HTTP_PROXY": "a.test:3128"}, Proxies(HTTP, None)),
        ("environment", {"http_proxy": "a.test:3128", "HTTP_PROXY": "x"}, Proxies(HTTP, None)),
        # Under CGI, the request header "Proxy" becomes that variable.
        ("environment", {"HTTP_PROXY": "a.test:3128", "REQUEST_METHOD": "GET"}, Proxies()),
        (
            "environment",
            {"http_proxy": "a.test:3128", "REQUEST_METHOD": "GET"},
            Proxies(HTTP, None),
        ),
        (
            "environment",
            {"HTTPS_PROXY": "a.test:3128", "REQUEST_METHOD": "GET"},
            Proxies(None, HTTP),
        ),
        ("environment", {"ALL_PROXY": "a.test:3128"}, Proxies(HTTP, HTTP)),
        (
            "environment",
            {"all_proxy": "a.test:3128", "https_proxy": "http://b.test"},
            Proxies(HTTP, HTTPS),
        ),
        ("environment", {"all_proxy": "a.test:3128", "https_proxy": ""}, Proxies(HTTP, None)),
        ("environment", {"https_proxy": " ", "HTTPS_PROXY": "http://b.test"}, Proxies()),
        (
            "environment",
            {"https_proxy": "http://b.test", "NO_PROXY": " A.test, .b.test\tc:80,,"},
            Proxies(None, HTTPS, ("a.test", ".b.test", "c:80")),
        ),
    ],
)
def test_the_option_precedes_the_proxies_of_the_environment(
    given: str | None, environ: dict[str, str], expected: Proxies
) -> None:
    assert parse_proxies(given, environ) == expected


WANTED = "must be a URL such as http://name:password@host:port"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://b.test", f"{WANTED}; only the scheme http is supported"),
        ("socks5://b.test", f"{WANTED}; only the scheme http is supported"),
        ("http://", WANTED),
        ("http://b.test:http", WANTED),
        ("http://b.test:99999", WANTED),
        ("http://b.test:0", f"{WANTED}; there is no port 0"),
        ("http://[::1", WANTED),
        ("http://b test", WANTED),
        ("http://b.test/path", WANTED),
        ("http://b.test?q", WANTED),
        ("http://b.test/#f", WANTED),
        ("http://se%3Acret:x@b.test", f"{WANTED}; a name holds no colon"),
    ],
)
def test_an_invalid_proxy_is_refused_without_showing_its_text(url: str, problem: str) -> None:
    for transport in (Urllib3Transport, *ASYNC.values()):
        with pytest.raises(InvalidInput) as caught:
            transport(proxy=url)
        assert str(caught.value) == f'proxy: {problem}; or give None, or "environment"'


WAY_OUT = "unset it, list the host in NO_PROXY, or give proxy=None"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://b.test", f"{WANTED}; only the scheme http is supported"),
        ("socks5://b.test", f"{WANTED}; only the scheme http is supported"),
        ("http://se%3Acret:x@b.test", f"{WANTED}; a name holds no colon"),
        ("b.test:99999", WANTED),
        ("se cret", WANTED),
    ],
)
@pytest.mark.parametrize(
    ("variable", "refused"),
    [
        ("HTTP_PROXY", {"http"}),
        ("https_proxy", {"https"}),
        ("ALL_PROXY", {"http", "https"}),
    ],
)
def test_an_invalid_environment_proxy_fails_the_call_that_needs_it(
    variable: str, refused: set[str], url: str, problem: str
) -> None:
    proxies = parse_proxies("environment", {variable: url, "NO_PROXY": "exempt.test"})
    for scheme, port in (("http", 80), ("https", 443)):
        for host in ("localhost", "127.0.0.1", "::1", "exempt.test"):
            assert proxies.of(Origin(scheme, host, port)) is None
        if scheme not in refused:
            assert proxies.of(Origin(scheme, ELSEWHERE, port)) is None
            continue
        with pytest.raises(InvalidInput) as caught:
            proxies.of(Origin(scheme, ELSEWHERE, port))
        said = f"{variable.upper()}: of the environment {problem}; {WAY_OUT}"
        assert str(caught.value) == said


@each_transport
@pytest.mark.parametrize("variable", ["all_proxy", "HTTPS_PROXY"])
def test_an_invalid_environment_proxy_does_not_stop_a_direct_request(
    kind: str,
    variable: str,
    certified: ssl.SSLContext,
    trusting: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(variable, "socks5://127.0.0.1:1")
    with Server(responding(OK), tls=certified) as server:
        request = Request("GET", server.url)
        assert exchange(kind, request, ssl_context=trusting) == [OK_RESPONSE]
        with pytest.raises(InvalidInput) as caught:
            exchange(kind, request, Request("GET", f"https://{ELSEWHERE}/"), ssl_context=trusting)
        assert caught.value.field == variable.upper()
        monkeypatch.setenv("no_proxy", "*")
        monkeypatch.setattr(socket, "getaddrinfo", no_name)
        found = failure(kind, Request("GET", f"https://{ELSEWHERE}/"), ssl_context=trusting)
        assert found[:2] == (NotSent, "host")  # so it was requested directly
        monkeypatch.undo()
    assert len(server.requests) == 2


def test_a_proxy_of_another_type_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        Urllib3Transport(proxy=3128)  # type: ignore[arg-type]
    assert str(caught.value) == f'proxy: {WANTED}, not int; or give None, or "environment"'


def origin(url: str) -> Origin:
    scheme, _, rest = url.partition("://")
    host, _, port = rest.rpartition(":")
    return Origin(scheme, host, int(port))


@pytest.mark.parametrize(
    ("exempt", "url", "through_it"),
    [
        ("", "https://api.cal.com:443", True),
        ("*", "https://api.cal.com:443", False),
        ("cal.com", "https://api.cal.com:443", False),
        ("cal.com", "https://cal.com:443", False),
        ("cal.com", "https://cal.com.:443", False),
        ("cal.com.", "https://api.cal.com:443", False),
        (".cal.com", "https://api.cal.com:443", False),
        (".cal.com", "https://cal.com:443", False),
        ("*.cal.com", "https://api.cal.com:443", False),
        ("al.com", "https://api.cal.com:443", True),
        ("api.cal.com", "https://cal.com:443", True),
        ("com.evil", "https://cal.com:443", True),
        ("cal.com:443", "https://api.cal.com:443", False),
        ("cal.com:8443", "https://api.cal.com:443", True),
        (":443", "https://api.cal.com:443", True),
        (".", "https://api.cal.com:443", True),
        ("10.1.2.3", "https://10.1.2.3:443", False),
        ("10.1.2.3:443", "https://10.1.2.3:443", False),
        ("10.1.2.3:80", "https://10.1.2.3:443", True),
        ("10.0.0.0/8", "https://10.1.2.3:443", False),
        ("10.1.2.3/8", "https://10.1.2.3:443", False),
        ("11.0.0.0/8", "https://10.1.2.3:443", True),
        ("10.0.0.0/99", "https://10.1.2.3:443", True),
        ("10.0.0.0/8", "https://api.cal.com:443", True),
        ("fd00::/8", "https://fd00::1:443", False),
        ("fd00::1", "https://fd00::1:443", False),
        ("fd00:0::1", "https://fd00::1:443", False),
        ("[fd00::1]", "https://fd00::1:443", False),
        ("[fd00::1]:443", "https://fd00::1:443", False),
        ("[fd00::1]:80", "https://fd00::1:443", True),
        ("fd00::2", "https://fd00::1:443", True),
        ("", "https://localhost:443", False),
        ("", "https://x.localhost:443", True),
        ("3", "https://10.1.2.3:443", True),
        ("2.3", "https://10.1.2.3:443", True),
        ("*.3", "https://10.1.2.3:443", True),
        ("", "https://127.0.0.1:443", False),
        ("", "https://::1:443", False),
        ("", "http://localhost:80", False),
    ],
)
def test_exempt_hosts_bypass_the_proxy(exempt: str, url: str, through_it: bool) -> None:
    proxies = Proxies(HTTP, HTTPS, tuple(exempt.split()))
    expected = (HTTP if url.startswith("http:") else HTTPS) if through_it else None
    assert proxies.of(origin(url)) == expected


@given(st.text(), st.text())
def test_any_text_is_a_proxy_or_an_error_without_the_text(scheme: str, text: str) -> None:
    for url in (text, f"http://{text}", f"http://{text}@host", f"{scheme}://{text}"):
        try:
            found = parse_proxies(url, {})
        except InvalidInput as error:
            shown = str(error).replace(WANTED, "")
            assert len(text) < 9 or text not in shown
        else:
            assert url == "environment" or found.http == found.https is not None


@given(st.text(), st.from_regex(r"[a-z0-9.:\[\]/*-]{0,20}", fullmatch=True))
def test_any_list_of_exempt_hosts_can_be_read(text: str, entry: str) -> None:
    for listed in (text, entry):
        found = parse_proxies("environment", {"no_proxy": listed, "https_proxy": "http://b.test"})
        assert found.of(Origin("https", "api.cal.com", 443)) in (None, HTTPS)
