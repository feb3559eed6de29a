"""A failed call leaves the exception that its caller is handling intact."""

import gzip
import socket
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

import anyio.to_thread
import pytest
from anyio import create_task_group
from attrs import field, frozen
from pooling import blocking_outcome
from sending import ASYNC, OK, each_transport, get, under
from server import PATIENCE, Handler, Peer, Server, dripping, responding, responding_once, stalling

from calcom_core import (
    NO_RETRY,
    Anonymous,
    NoAnswer,
    NotSent,
    Request,
    Timeout,
    TransportError,
)
from calcom_core.effects import Gather, Program, send
from calcom_transports import AsyncClient, Client
from calcom_transports.urllib3 import Urllib3Transport


def charge() -> None:
    """Fail as a caller's own code does: with a cause, a context below it, and a note."""
    try:
        look_up()
    except LookupError as error:
        error.add_note("looked in two places")
        declined = ValueError("declined")
        declined.add_note("order 7")
        raise declined from error


def look_up() -> None:
    try:
        read_cache()
    except OSError:
        raise LookupError("no card") from None


def read_cache() -> None:
    raise OSError("no cache")


@frozen
class Seen:
    """What a traceback shows of an exception."""

    kind: type[BaseException]
    frames: tuple[str, ...]
    notes: tuple[str, ...]
    cause: "Seen | None"
    context: "Seen | None"


def seen(error: BaseException | None) -> Seen | None:
    if error is None:
        return None
    frames = [frame.f_code.co_name for frame, _ in traceback.walk_tb(error.__traceback__)]
    notes = tuple(getattr(error, "__notes__", ()))
    return Seen(type(error), tuple(frames), notes, seen(error.__cause__), seen(error.__context__))


NO_CACHE = Seen(OSError, ("look_up", "read_cache"), (), None, None)
NO_CARD = Seen(LookupError, ("charge", "look_up"), ("looked in two places",), None, NO_CACHE)
"""That of `LookupError`, which keeps a context although it does not show it."""


def declined(*frames: str) -> Seen:
    return Seen(ValueError, (*frames, "charge"), ("order 7",), NO_CARD, NO_CARD)


def handling(call: Callable[[], object]) -> tuple[ValueError, BaseException]:
    """Let a call fail while an exception is handled, and return both exceptions."""
    try:
        try:
            charge()
        except ValueError:
            with pytest.raises((TransportError, KeyboardInterrupt)) as failed:
                call()
            raise
    except ValueError as error:
        return error, failed.value


async def handling_async(call: Callable[[], Any]) -> tuple[ValueError, BaseException]:
    try:
        try:
            charge()
        except ValueError:
            with pytest.raises(TransportError) as failed:
                await call()
            raise
    except ValueError as error:
        return error, failed.value


PROMPT = responding(OK)


@frozen
class Failure:
    """A failure of an exchange, and the error that it raises."""

    kind: type[TransportError]
    reason: str
    handler: Handler = PROMPT
    url: str = "http://127.0.0.1:{port}"
    within: Timeout | None = None
    options: dict[str, Any] = field(factory=dict)
    proxy: str | None = None
    state: str = "open"  # of the transport: or closed, or busy


ZIPPED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 25\r\n\r\n" + (
    gzip.compress(b"hello", mtime=0)[:-8] + bytes(8)
)
FAILURES = {
    "refused": Failure(NotSent, "refused", url="http://127.0.0.1:{closed}"),
    "an unknown name": Failure(NotSent, "host", url="https://nowhere.invalid"),
    "no TLS": Failure(NotSent, "tls", lambda peer: peer.send(OK), "https://127.0.0.1:{port}"),
    "a slow handshake": Failure(
        NotSent, "timeout", Peer.stall, "https://127.0.0.1:{port}", Timeout(connect=0.05)
    ),
    "a slow response": Failure(NoAnswer, "timeout", stalling(), within=Timeout(read=0.05)),
    "a dripping response": Failure(NoAnswer, "timeout", dripping(OK), within=Timeout(total=0.05)),
    "too large": Failure(NoAnswer, "too-large", options={"max_body": 1}),
    "no HTTP": Failure(NoAnswer, "protocol", responding(b"no HTTP\r\n\r\n")),
    "no gzip": Failure(NoAnswer, "protocol", responding(ZIPPED)),
    "closed by the server": Failure(NoAnswer, "closed", responding_once(b"")),
    "closed by the caller": Failure(NotSent, "transport-closed", state="closed"),
    "no connection free": Failure(
        NotSent,
        "pool",
        stalling(),
        within=Timeout(connect=0.05),
        options={"max_connections": 1},
        state="busy",
    ),
    "a proxy that refuses": Failure(
        NotSent,
        "proxy",
        responding_once(b"HTTP/1.1 407 X\r\n\r\n"),
        "https://elsewhere.test",
        proxy="http://127.0.0.1:{port}",
    ),
}


def failing(failure: Failure, request: Request, server: Server) -> tuple[BaseException, ...]:
    proxy = failure.proxy and failure.proxy.format(port=server.port)
    with Urllib3Transport(proxy=proxy, **failure.options) as transport:
        if failure.state == "busy":
            busy = threading.Thread(
                target=blocking_outcome, args=(transport, request, Timeout(total=0.5))
            )
            busy.start()
            assert server.requested.wait(PATIENCE)
        if failure.state == "closed":
            transport.close()
        return handling(lambda: transport.send(request, failure.within))


async def failing_async(
    kind: str, failure: Failure, request: Request, server: Server
) -> tuple[BaseException, ...]:
    proxy = failure.proxy and failure.proxy.format(port=server.port)
    async with (
        ASYNC[kind](proxy=proxy, **failure.options) as transport,
        create_task_group() as nursery,
    ):
        if failure.state == "busy":
            nursery.start_soon(transport.send, request)
            assert await anyio.to_thread.run_sync(server.requested.wait, PATIENCE)
        if failure.state == "closed":
            await transport.aclose()
        result = await handling_async(lambda: transport.send(request, failure.within))
        nursery.cancel_scope.cancel()
    return result


def unknown_name(host: bytes | str, *args: object, **kwargs: object) -> list[object]:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@each_transport
@pytest.mark.parametrize("name", FAILURES)
def test_a_failed_exchange_leaves_the_exception_of_its_caller_intact(
    kind: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    failure = FAILURES[name]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    with Server(failure.handler) as server, monkeypatch.context() as patch:
        if "invalid" in failure.url:
            patch.setattr(socket, "getaddrinfo", unknown_name)
        request = Request("GET", failure.url.format(port=server.port, closed=closed))
        if kind == "urllib3":
            error, failed = failing(failure, request, server)
        else:
            error, failed = under(kind, failing_async, kind, failure, request, server)
    assert isinstance(failed, TransportError)
    assert (type(failed), failed.reason) == (failure.kind, failure.reason)
    assert seen(error) == declined("handling" if kind == "urllib3" else "handling_async")
    # The frames of the exchange are removed nevertheless.
    assert names_of(failed)[1:] == (["<lambda>"] if kind == "urllib3" else [])
    cause: BaseException | None = failed
    while (cause := cause.__cause__ or cause.__context__) not in (None, error):
        assert names_of(cause) == []


def names_of(error: BaseException) -> list[str]:
    return [frame.f_code.co_name for frame, _ in traceback.walk_tb(error.__traceback__)]


def refused() -> Request:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return Request("GET", f"http://127.0.0.1:{listener.getsockname()[1]}")


def test_a_failed_exchange_leaves_the_exception_group_of_its_caller_intact() -> None:
    def fail_in_a_group() -> None:
        try:
            charge()
        except ValueError as error:
            raise ExceptionGroup("both", [error, OSError("another")]) from None

    def cancel_meanwhile(transport: Urllib3Transport) -> None:
        try:
            fail_in_a_group()
        except* ValueError:
            with pytest.raises(NotSent):
                transport.send(refused())
            raise

    with Urllib3Transport() as transport, pytest.raises(ExceptionGroup) as caught:
        cancel_meanwhile(transport)
    first, second = caught.value.exceptions
    assert seen(first) == declined("fail_in_a_group")
    assert repr(second) == "OSError('another')"
    assert names_of(caught.value)[1:] == ["cancel_meanwhile", "fail_in_a_group"]


def branch(request: Request) -> Program[None]:
    try:
        charge()
    except ValueError:
        with pytest.raises(NotSent):
            yield from send(request)
        raise


def gather(*programs: Program[Any]) -> Program[Any]:
    return (yield Gather(programs, len(programs)))


@each_transport
def test_a_failed_exchange_leaves_the_exception_of_its_branch_intact(kind: str) -> None:
    with pytest.raises(ValueError, match="declined") as caught:
        run(kind, gather(branch(refused()), branch(refused())))
    assert seen(caught.value) == declined(*names_of(caught.value)[:-2], "branch")


@each_transport
def test_a_failed_branch_leaves_the_exception_of_the_caller_intact(kind: str) -> None:
    program = gather(send(refused()), send(refused()))
    error, failed = handling(lambda: run(kind, program))
    assert seen(error) == declined("handling")
    assert isinstance(failed, NotSent)
    assert isinstance(failed.__cause__, OSError)


def run(kind: str, program: Program[Any]) -> Any:
    if kind == "urllib3":
        with Client(auth=Anonymous(), retry=NO_RETRY) as client:
            return client.run(program)

    async def main() -> Any:
        async with AsyncClient(auth=Anonymous(), retry=NO_RETRY) as client:
            return await client.run(program)

    return under(kind, main)


def test_an_interrupt_leaves_the_exception_of_its_caller_intact(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupt(*args: object) -> None:
        handled = sys.exception()
        assert handled is not None
        raise KeyboardInterrupt from handled.__cause__

    monkeypatch.setattr("calcom_transports.body.Body.feed", interrupt)
    with Server(responding(OK)) as server, Urllib3Transport() as transport:
        error, failed = handling(lambda: transport.send(get(server)))
    assert seen(error) == declined("handling")
    assert failed.__cause__ is error.__cause__
    assert failed.__context__ is error
    assert names_of(failed)[1:] == ["<lambda>"]
