"""Connections that fail, or reach an untrusted server: no byte of a request is sent."""

import datetime
import select
import socket
import ssl
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trustme
from anyio import create_task_group
from resolving import HOST, STREAM, addresses
from sending import ASYNC, OK, OK_RESPONSE, each_transport, exchange, failure, under
from server import PATIENCE, Handler, NeverAccepting, Peer, Server, responding

from calcom_core.errors import NoAnswer, NotSent, TransportError
from calcom_core.http import Request, Response, Timeout
from calcom_transports.urllib3 import Urllib3Transport


@pytest.fixture
def dead() -> Any:
    """Yield an unreachable address of each kind."""
    with ExitStack() as stack:
        refusing = stack.enter_context(socket.socket())  # bound, without a listener
        refusing.bind(("127.0.0.2", 0))
        silent = stack.enter_context(NeverAccepting("127.0.0.3"))
        yield {
            "refusing": refusing.getsockname(),
            "silent": silent.address,
            "unreachable": ("127.0.0.4", 0),  # no server can listen at port 0
        }


@pytest.mark.exhaustive(sample=2)
@each_transport
@pytest.mark.parametrize(
    "before",
    [
        ("refusing",),
        ("unreachable",),
        ("silent",),
        ("refusing", "refusing", "unreachable"),
        ("silent", "refusing"),
        ("refusing", "silent", "unreachable"),
    ],
    ids=" ".join,
)
def test_the_first_reachable_address_is_used(
    kind: str, before: tuple[str, ...], dead: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(responding(OK)) as server, monkeypatch.context() as patch:
        addresses(patch, *[dead[name] for name in before], ("127.0.0.1", server.port))
        request = Request("POST", "http://localhost/", (), b"{}")
        assert exchange(kind, request, within=Timeout(connect=1)) == [OK_RESPONSE]
        patch.undo()
    assert len(server.requests) == 1


@pytest.mark.exhaustive(sample=2)
@each_transport
@pytest.mark.parametrize(
    ("tried", "reason"),
    [
        (("refusing",), "refused"),
        (("refusing", "refusing"), "refused"),
        (("unreachable",), "refused"),
        (("silent",), "timeout"),
        (("refusing", "silent"), "timeout"),
    ],
)
def test_unreachable_addresses_mean_not_sent(
    kind: str, tried: tuple[str, ...], reason: str, dead: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses(monkeypatch, *[dead[name] for name in tried])
    request = Request("POST", "http://localhost/", (), b"{}")
    found = failure(kind, request, within=Timeout(connect=0.2))
    assert found[:2] == (NotSent, reason)


@each_transport
def test_an_address_of_another_family_is_skipped(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(responding(OK)) as server, monkeypatch.context() as patch:
        listed = [
            (socket.AF_INET6, *STREAM[1:], ("::1", server.port, 0, 0)),
            (*STREAM, ("127.0.0.1", server.port)),
        ]
        known = {"::1": listed[:1], "127.0.0.1": listed[1:]}
        patch.setattr(socket, "getaddrinfo", lambda host, *args, **_: known.get(host, listed))
        assert exchange(kind, Request("GET", "http://localhost/")) == [OK_RESPONSE]
        patch.undo()
    assert len(server.requests) == 1


def server_context(*certificates: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    for certificate in certificates:
        certificate.configure_cert(context)
    return context


def from_files(directory: Path, certificate: trustme.Blob, key: trustme.Blob) -> ssl.SSLContext:
    """Return a context that sends this certificate without the certificates that signed it."""
    certificate.write_to_path(str(directory / "shown.pem"))
    key.write_to_path(str(directory / "shown.pem"), append=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "shown.pem")
    return context


YEARS = datetime.timedelta(days=730)
NOW = datetime.datetime.now(datetime.UTC)

Issue = Callable[[trustme.CA, Path], ssl.SSLContext]


def self_signed(authority: trustme.CA, directory: Path) -> ssl.SSLContext:
    itself = trustme.CA(organization_name=HOST)
    return from_files(directory, itself.cert_pem, itself.private_key_pem)


def without_intermediate(authority: trustme.CA, directory: Path) -> ssl.SSLContext:
    leaf = authority.create_child_ca().issue_cert(HOST)
    return from_files(directory, leaf.cert_chain_pems[0], leaf.private_key_pem)


def issued(*names: str, **options: Any) -> Issue:
    return lambda authority, directory: server_context(authority.issue_cert(*names, **options))


@pytest.mark.exhaustive(sample=5)
@each_transport
@pytest.mark.parametrize(
    ("issue", "host", "problem"),
    [
        (issued(HOST, not_after=NOW - YEARS), HOST, "certificate has expired"),
        (issued(HOST, not_before=NOW + YEARS), HOST, "certificate is not yet valid"),
        (issued("localhost"), HOST, "Hostname mismatch"),
        (issued(HOST), "127.0.0.1", "IP address mismatch"),
        (issued("127.0.0.1"), "localhost", "Hostname mismatch"),
        (issued("*.calendar.test"), f"a.{HOST}", "Hostname mismatch"),
        (issued("*.calendar.test"), "calendar.test", "Hostname mismatch"),
        (issued("other.test", common_name=HOST), HOST, "Hostname mismatch"),
        (lambda authority, directory: issued(HOST)(trustme.CA(), directory), HOST, "local issuer"),
        (self_signed, HOST, "self-signed certificate"),
        (without_intermediate, HOST, "local issuer"),
    ],
    ids=[
        *("expired", "not yet valid", "wrong host", "wrong address", "an address for a name"),
        *("a wildcard for two labels", "a wildcard for none", "common name", "unknown authority"),
        *("self-signed", "no intermediate"),
    ],
)
def test_a_server_with_an_invalid_certificate_receives_nothing(
    kind: str,
    issue: Issue,
    host: str,
    problem: str,
    authority: trustme.CA,
    trusting: ssl.SSLContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Server(responding(OK), tls=issue(authority, tmp_path)) as server:
        addresses(monkeypatch, ("127.0.0.1", server.port))
        request = Request("POST", f"https://{host}/v2/x", (), b"secret")
        error, reason, said = failure(kind, request, ssl_context=trusting)
        monkeypatch.undo()
    assert (error, reason) == (NotSent, "tls")
    assert said.startswith(f"POST /v2/x: no TLS with {host}:443 (")
    assert problem in said
    assert said.endswith("); nothing was sent")
    assert server.requests == []


@each_transport
@pytest.mark.parametrize(
    ("issue", "host"),
    [
        (issued(HOST), HOST),
        (issued("*.calendar.test"), HOST),
        (issued("127.0.0.1"), "127.0.0.1"),
        (lambda authority, directory: issued(HOST)(authority.create_child_ca(), directory), HOST),
    ],
    ids=["name", "wildcard", "address", "with its intermediate"],
)
def test_a_server_with_a_valid_certificate_is_trusted(
    kind: str,
    issue: Issue,
    host: str,
    authority: trustme.CA,
    trusting: ssl.SSLContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Server(responding(OK), tls=issue(authority, tmp_path)) as server:
        addresses(monkeypatch, ("127.0.0.1", server.port))
        request = Request("POST", f"https://{host}/v2/x", (), b"secret")
        assert exchange(kind, request, ssl_context=trusting) == [OK_RESPONSE]
        monkeypatch.undo()


# RFC 5246, 7.2: fatal, protocol_version.
TOO_OLD = b"\x15\x03\x01\x00\x02\x02\x46"
# RFC 5246, 7.2: warning, close_notify.
CLOSE_NOTIFY = b"\x15\x03\x03\x00\x02\x01\x00"
# RFC 2246, 7.4.1.3: a ServerHello of TLS 1.0, which is obsolete.
HELLO_1_0 = b"\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01" + bytes(32) + b"\x00\x00\x2f\x00"


@each_transport
@pytest.mark.parametrize(
    ("hello", "problem"),
    [
        (TOO_OLD, "protocol version"),
        (HELLO_1_0, "unsupported protocol"),
        (b"\x15\x03\x03\x00\x02\x02\x28", "handshake failure"),
        (b"220 smtp.calendar.test ESMTP\r\n", "wrong version number"),
        (bytes(200), ""),
        (b"\xff" * 200, ""),
    ],
    ids=["alert", "TLS 1.0", "no cipher in common", "another protocol", "zeros", "ones"],
)
def test_a_server_with_another_version_of_tls_receives_nothing(
    kind: str, hello: bytes, problem: str, trusting: ssl.SSLContext
) -> None:
    sent = []

    def handler(peer: Peer) -> None:
        sent.append(peer.connection.recv(65_536))
        peer.send(hello)
        while data := peer.connection.recv(65_536):
            sent.append(data)

    with Server(handler) as server:
        request = Request("POST", f"https://localhost:{server.port}/v2/x", (), b"secret")
        error, reason, said = failure(kind, request, ssl_context=trusting)
        assert server.hung_up.wait(PATIENCE)
    assert (error, reason) == (NotSent, "tls")
    assert problem in said
    assert sent[0].startswith(b"\x16\x03")  # a ClientHello, in clear
    assert b"secret" not in b"".join(sent)


class Cutting:
    """Relays bytes between its clients and a server, and cuts each connection at a given byte.

    *cuts* is how many bytes of the server each connection relays before its end.
    """

    def __init__(self, port: int, how: str, cuts: list[int]) -> None:
        self.port = port
        self.how = how
        self.cuts = deque(cuts)
        self.carried: list[int] = []

    def __call__(self, peer: Peer) -> None:
        left = self.cuts.popleft()
        with socket.create_connection(("127.0.0.1", self.port)) as server:
            # Closing it with unread bytes would always be a reset.
            server.sendall(peer.connection.recv(65_536))
            carried = 0
            while carried < left:
                ready, _, _ = select.select([peer.connection, server], [], [], PATIENCE)
                if peer.connection in ready:
                    data = peer.connection.recv(65_536)
                    if not data:
                        return
                    server.sendall(data)
                if server in ready:
                    data = server.recv(left - carried)
                    if not data:
                        break
                    carried += len(data)
                    peer.send(data)
            self.carried.append(carried)
            if self.how == "reset":
                peer.reset()
            elif self.how == "stall":
                peer.stall()


def failures(kind: str, request: Request, times: int, **options: Any) -> Counter[Any]:
    """Send the request that often, up to 16 at once, and count the outcomes."""

    def outcome(error: TransportError) -> tuple[type[TransportError], str]:
        return type(error), error.reason

    if kind == "urllib3":

        def one(number: int) -> Any:
            try:
                return transport.send(request)
            except TransportError as error:
                return outcome(error)

        transport = Urllib3Transport(**options, max_connections=16)
        with transport, ThreadPoolExecutor(16) as threads:
            return Counter(threads.map(one, range(times)))

    found: Counter[Any] = Counter()

    async def run() -> None:
        async with ASYNC[kind](**options, max_connections=16) as sending:

            async def worker() -> None:
                while todo:
                    todo.pop()
                    try:
                        found[await sending.send(request)] += 1
                    except TransportError as error:
                        found[outcome(error)] += 1

            todo = [None] * times
            async with create_task_group() as nursery:
                for _ in range(16):
                    nursery.start_soon(worker)

    under(kind, run)
    return found


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def version(request: pytest.FixtureRequest, trusting: ssl.SSLContext) -> ssl.TLSVersion:
    trusting.minimum_version = trusting.maximum_version = request.param
    return request.param  # type: ignore[no-any-return]


def flight(server: Server, trusting: ssl.SSLContext) -> int:
    """Return how many bytes a server sends until the client completes its handshake."""
    with socket.create_connection(("127.0.0.1", server.port)) as raw:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = trusting.wrap_bio(incoming, outgoing, server_hostname="localhost")
        received = 0
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                raw.sendall(outgoing.read())
                data = raw.recv(65_536)
                received += len(data)
                incoming.write(data)
            else:
                return received


@pytest.mark.exhaustive(sample=2)
@each_transport
@pytest.mark.parametrize(
    ("how", "step", "expected"),
    [
        ("close", 1, (NotSent, "closed")),
        ("reset", 5, (NotSent, "closed")),
        ("stall", 9, (NotSent, "timeout")),
    ],
    ids=["close", "reset", "stall"],
)
def test_a_handshake_that_breaks_at_any_byte_means_not_sent(
    kind: str,
    how: str,
    step: int,
    expected: tuple[type[TransportError], str],
    version: ssl.TLSVersion,
    certified: ssl.SSLContext,
    trusting: ssl.SSLContext,
    sample: Callable[..., Any],
    counted: Callable[[str, int], None],
) -> None:
    with Server(responding(OK), tls=certified) as server:
        # A signature may be shorter next time; a cut beyond the handshake would let it succeed.
        cuts = list(range(0, flight(server, trusting) - 12, step))
        assert len(cuts) > 500 / step
        cuts = sample(cuts, 30)
        cutting = Cutting(server.port, how, cuts)
        with Server(cutting) as relay:
            request = Request("POST", f"https://localhost:{relay.port}/v2/x", (), b"{}")
            timeout = Timeout(connect=0.3) if how == "stall" else None
            found = failures(kind, request, len(cuts), ssl_context=trusting, timeout=timeout)
        assert found == {expected: len(cuts)}
        if how == "stall":  # on a slow machine the timeout may pass before the cut
            assert set(cutting.carried) <= set(cuts) | {0}
            assert len(set(cutting.carried)) > len(cuts) / 2
        else:
            assert sorted(cutting.carried) == cuts
    assert server.requests == []
    counted(f"handshakes that break: {kind}", len(cuts))


@each_transport
@pytest.mark.parametrize("how", ["close_notify", "reset"])
def test_a_cut_handshake_is_named_and_safe_to_retry(
    kind: str, how: str, trusting: ssl.SSLContext
) -> None:
    def cut(peer: Peer) -> None:
        peer.connection.recv(65_536 if how == "close_notify" else 1)
        if how == "close_notify":
            peer.send(CLOSE_NOTIFY)

    with Server(cut) as server:
        request = Request("POST", f"https://localhost:{server.port}/v2/x", (), b"{}")
        error, reason, said = failure(kind, request, ssl_context=trusting)
    assert (error, reason) == (NotSent, "closed")
    assert said.startswith(
        f"POST /v2/x: no TLS with localhost:{server.port}: the connection ended ("
    )
    assert said.endswith("; nothing was sent, a retry is safe")


def certificates_shown(peer: Peer, shown: list[Any]) -> None:
    connection: Any = peer.connection
    shown.append(connection.getpeercert()["subjectAltName"])
    responding(OK)(peer)


def requiring_certificates(authority: trustme.CA) -> ssl.SSLContext:
    context = server_context(authority.issue_cert("localhost"))
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@each_transport
def test_a_client_certificate_is_presented_on_request(
    kind: str, version: ssl.TLSVersion, authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    authority.issue_cert("ann@example.com").configure_cert(trusting)
    shown: list[Any] = []
    handler: Handler = partial(certificates_shown, shown=shown)
    with Server(handler, tls=requiring_certificates(authority)) as server:
        request = Request("GET", server.url)
        assert exchange(kind, request, ssl_context=trusting) == [OK_RESPONSE]
    assert shown == [(("email", "ann@example.com"),)]


@each_transport
def test_without_a_required_client_certificate_there_is_no_response(
    kind: str, version: ssl.TLSVersion, authority: trustme.CA, trusting: ssl.SSLContext
) -> None:
    with Server(responding(OK), tls=requiring_certificates(authority)) as server:
        request = Request("POST", f"{server.url}/v2/x", (), b"{}")
        error, reason, _ = failure(kind, request, ssl_context=trusting)
    assert server.requests == []
    if version is ssl.TLSVersion.TLSv1_2:
        assert (error, reason) == (NotSent, "tls")
    else:
        # RFC 8446, 2: the client waits for nothing more, and sends the request.
        # The async ones know when the socket took no byte, because the server was quick to close.
        assert error is NoAnswer or (kind != "urllib3" and error is NotSent)
        assert reason in {"tls", "closed"}


@each_transport
@pytest.mark.parametrize(
    ("host", "name"),
    [(HOST, HOST), ("localhost", "localhost"), (f"{HOST}.", HOST), ("127.0.0.1", None)],
)
def test_the_handshake_names_the_requested_host(
    kind: str,
    host: str,
    name: str | None,
    authority: trustme.CA,
    trusting: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[Any] = []
    context = server_context(authority.issue_cert(HOST, "localhost", "127.0.0.1"))
    context.sni_callback = lambda connection, server_name, context: told.append(server_name)
    with Server(responding(OK), tls=context) as server, monkeypatch.context() as patch:
        addresses(patch, ("127.0.0.1", server.port))
        request = Request("GET", f"https://{host}/")
        responses: list[Response] = exchange(kind, request, ssl_context=trusting)
        patch.undo()
    assert (responses, told) == ([OK_RESPONSE], [name])


def test_the_last_reachable_address_is_tried_first(
    dead: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise every new connection would first wait for an address that never responds."""
    closing = OK.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
    request = Request("GET", "http://localhost/")
    with Server(responding(closing)) as server, Urllib3Transport() as transport:
        addresses(monkeypatch, dead["silent"], ("127.0.0.1", server.port))
        transport.send(request, Timeout(connect=0.4))  # half of it for the silent address
        began = time.monotonic()
        transport.send(request, Timeout(connect=60))
        assert time.monotonic() - began < 10
        monkeypatch.undo()


def test_an_address_may_become_unreachable(dead: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    closing = OK.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
    request = Request("GET", "http://localhost/")
    with Urllib3Transport() as transport:
        for _ in range(2):
            with Server(responding(closing)) as server:
                addresses(monkeypatch, ("127.0.0.1", server.port), dead["refusing"])
                assert transport.send(request).status == 200
        with pytest.raises(NotSent) as caught:
            transport.send(request)
        monkeypatch.undo()
    assert caught.value.reason == "refused"
