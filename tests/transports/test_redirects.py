"""A redirect is returned as a response: nothing follows it, and no credential is sent there."""

import ssl
from collections.abc import Callable
from contextlib import ExitStack
from itertools import product
from typing import Any

import pytest
from sending import ASYNC, each_transport, under
from server import Peer, Server, responding

from calcom_core import (
    AccessToken,
    ApiError,
    OAuthClient,
    Request,
    Response,
)
from calcom_core.api import Auth
from calcom_transports import AsyncClient, Client
from calcom_transports.urllib3 import Urllib3Transport

KEY = "cal_test_0123456789abcdef"
STATUSES = (*range(300, 309), 399)
METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE", "HEAD")
BODIES = {"POST": b'{"a":1}', "PATCH": b'{"a":1}', "PUT": b""}

# Fields of a response; {other} is a server that must get no connection, {same} the one that
# responds.
ELSEWHERE: list[tuple[tuple[str, str], ...]] = [
    (("Location", "{other}/there"),),
    (("Location", "{same}/there"),),
    (("Location", "/there"),),
    (("Location", "there"),),
    (("Location", "//{other_host}/there"),),
    (("Location", "?x=y"),),
    (("Location", "#there"),),
    (("Location", "http://name:password@{other_host}/"),),
    (("Location", "https://{other_host}/"),),
    (("Location", "ftp://{other_host}/"),),
    (("Location", "http://[::1"),),
    (("Location", "http://"),),
    (("Location", ""),),
    (),
    (("Location", "/a"), ("Location", "{other}/b")),
    (("Refresh", "0; url={other}/there"),),
    (("Content-Location", "{other}/there"),),
    (("Alt-Svc", 'h2="{other_host}", http/1.1="{other_host}"'),),
    (("Link", '<{other}/there>; rel="canonical"'),),
]


def redirect_response(status: int, fields: tuple[tuple[str, str], ...], body: bytes) -> bytes:
    """Return a response with these fields."""
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in fields)]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


class Redirecting:
    """Sends the response that the test sets before each request."""

    response = b""

    def __call__(self, peer: Peer) -> None:
        while peer.request():
            peer.send(self.response)


@pytest.mark.exhaustive(sample=1)
@each_transport
@pytest.mark.parametrize("encrypted", [False, True], ids=["clear", "TLS"])
def test_a_redirect_is_returned_unchanged(
    kind: str,
    encrypted: bool,
    certified: ssl.SSLContext,
    trusting: ssl.SSLContext,
    sample: Callable[..., Any],
    counted: Callable[[str, int], None],
) -> None:
    handler = Redirecting()
    tls = certified if encrypted else None
    with Server(handler, tls=tls) as server, Server(responding(b""), tls=tls) as other:
        words = {
            "same": server.url,
            "other": other.url,
            "other_host": f"{other.host}:{other.port}",
        }
        cases = []
        everything = list(product((*STATUSES, 201, 421), METHODS, ELSEWHERE))
        for status, method, given in sample(everything, 300):
            fields = tuple((name, value.format(**words)) for name, value in given)
            body = b"" if method == "HEAD" or status == 304 else b"there"
            response = redirect_response(status, fields, body)
            headers = {"Authorization": f"Bearer {KEY}"}
            request = Request(method, f"{server.url}/v2/x?q=1", headers, BODIES.get(method, b""))
            expected = Response(status, (*fields, ("Content-Length", str(len(body)))), body)
            cases.append((response, request, expected))

        def check(found: Response, expected: Response) -> None:
            assert found == expected

        if kind == "urllib3":
            with Urllib3Transport(ssl_context=trusting) as transport:
                for handler.response, request, expected in cases:
                    check(transport.send(request), expected)
        else:

            async def run() -> None:
                async with ASYNC[kind](ssl_context=trusting) as transport:
                    for handler.response, request, expected in cases:
                        check(await transport.send(request), expected)

            under(kind, run)
    assert [wire.split(b" ")[0].decode() for wire in server.requests] == [
        request.method for _, request, _ in cases
    ]
    assert other.connections == 0
    counted(f"redirects: {kind}, {'TLS' if encrypted else 'clear'}", len(cases))


READ: Callable[[Any], Any] = lambda client: client.bookings.get("bk7")  # noqa: E731
WRITE: Callable[[Any], Any] = lambda client: client.bookings.confirm("bk7")  # noqa: E731


def called(kind: str, auth: Auth, call: Callable[[Any], Any], url: str) -> None:
    """Make a call with a client of that kind."""
    if kind == "urllib3":
        with Client(auth=auth, base_url=url) as client:
            call(client)
        return

    async def run() -> None:
        async with AsyncClient(auth=auth, base_url=url) as client:
            await call(client)

    under(kind, run)


@pytest.mark.exhaustive(sample=10)
@each_transport
@pytest.mark.parametrize("call", [READ, WRITE], ids=["read", "write"])
@pytest.mark.parametrize("auth", [AccessToken(KEY), OAuthClient("client", KEY)])
@pytest.mark.parametrize("status", STATUSES)
def test_a_client_follows_no_redirect_and_sends_once(
    kind: str, call: Callable[[Any], Any], auth: Auth, status: int
) -> None:
    with ExitStack() as stack:
        other = stack.enter_context(Server(responding(b"")))
        response = redirect_response(status, (("Location", f"{other.url}/v2/bookings/bk7"),), b"")
        server = stack.enter_context(Server(responding(response)))
        with pytest.raises(ApiError) as caught:
            called(kind, auth, call, server.url)
    error = caught.value
    assert (type(error), error.status, error.attempts) == (ApiError, status, 1)
    assert str(error).endswith(
        f"{status} (not a response of the API; redirects are not followed; check the base URL) "
        "(after 1 attempt: a retry would not help)"
    )
    assert (len(server.requests), other.connections) == (1, 0)
