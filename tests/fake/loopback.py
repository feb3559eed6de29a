"""A fake Cal.com behind a socket, for programs that need a server and not a transport."""

from collections.abc import Callable

from server import Peer

from calcom_core import Request, Response
from calcom_transports.fake import FakeCalcom


def serve(
    fake: FakeCalcom, after: Callable[[Request], bool] = lambda request: True
) -> Callable[[Peer], None]:
    """Return what a `Server` does with a connection: it responds as the fake does.

    The response is lost, and the connection closed, where *after* a request is false.
    """

    def handle(peer: Peer) -> None:
        while received := peer.request():
            request = parsed(received)
            response = fake.respond(request)
            if not after(request):
                return
            peer.send(written(response))

    return handle


def parsed(received: bytes) -> Request:
    head, _, body = received.partition(b"\r\n\r\n")
    line, *fields = head.decode("latin-1").split("\r\n")
    method, target, _ = line.split(" ")
    pairs = [(name, value.strip()) for name, _, value in (item.partition(":") for item in fields)]
    return Request(method, f"http://127.0.0.1{target}", pairs, body)


def written(response: Response) -> bytes:
    lines = [f"HTTP/1.1 {response.status} X", f"Content-Length: {len(response.body)}"]
    lines += [f"{name}: {value}" for name, value in response.headers]
    return "\r\n".join([*lines, "", ""]).encode() + response.body
