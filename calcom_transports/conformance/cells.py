"""A cell of a case: a server that does one thing, what is asked of it, and what must come of that.

A cell is carried out by a `Trial`, blocking or not, with a transport and a server of its own.
"""

import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from enum import Enum, auto
from functools import partial
from operator import itemgetter
from typing import Any, TypeAlias

from attrs import astuple, define, field, frozen

from calcom_core.errors import NoAnswer, NotSent, TransportError
from calcom_core.http import Request, Response, Timeout
from calcom_transports.conformance.playing import Sending, Steps, Waiting, play, play_async
from calcom_transports.conformance.server import PATIENCE, Handler, Server, answering

MARGIN = 10.0
"""How many seconds later than its limits say an exchange may end; machines are slow at times."""

AMPLE = Timeout(connect=10, read=10, total=10)
"""Limits that nothing reaches which goes as it should."""

ELSEWHERE = "ELSEWHERE"
"""Stands for the URL of another server, in an answer and in what is expected."""

Outcome: TypeAlias = Response | type[TransportError]
Run: TypeAlias = Callable[[Callable[[], Awaitable[object]]], object]

_ENDLESS = "an end within its limits, but it goes on"

# What a transport may add by itself: none says who asks, or what a body means.
_ADDED = {
    *(b"host", b"content-length", b"accept-encoding"),
    *(b"accept", b"connection", b"keep-alive", b"user-agent"),
}


class Place(Enum):
    """Where a request goes."""

    SERVER = auto()
    REFUSED = auto()  # a port at which nobody listens
    SILENT = auto()  # one that answers no attempt to connect
    CLEAR = auto()  # https:// at a server that speaks no TLS
    UNTRUSTED = auto()  # https:// at a server that nobody should trust


@frozen
class Wire:
    """What a request must be for the server: its first line, the given fields, and the body."""

    line: bytes
    fields: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""

    def difference(self, came: bytes, authority: bytes) -> str | None:
        """Say what is wrong with a request that came, if anything is."""
        head, _, body = came.partition(b"\r\n\r\n")
        line, *lines = head.split(b"\r\n")
        parts = [line.partition(b":") for line in lines]
        seen = _by_name((name, value) for name, _, value in parts)
        given = _by_name(self.fields)
        length = b"%d" % len(self.body)
        if line != self.line:
            return f"{self.line!r}, but {line!r} came"
        if body != self.body:
            return f"its {len(self.body)} bytes of body, but {len(body)}, {body[:60]!r}, came"
        if seen.get(b"host") != [authority]:
            return f"one Host, {authority!r}, but {seen.get(b'host')} came"
        lengths = seen.get(b"content-length", [])
        if lengths != [length] and (lengths or body):
            return f"one Content-Length, {length!r}, but {lengths} came"
        for name, values in given.items():
            if seen.get(name) != values:
                return f"{name!r} as it was given, {values}, but {seen.get(name)} came"
        added = sorted(seen.keys() - given.keys() - _ADDED)
        return f"no field that nobody gave, but {added} came" if added else None


def _by_name(fields: Iterable[tuple[bytes, bytes]]) -> dict[bytes, list[bytes]]:
    values: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        values.setdefault(name.lower(), []).append(value.strip(b" \t"))
    return values


@frozen
class Ask:
    """A request, and what may come of it.

    *wire* is what the server must see of it; *after* says to wait until the server has put an
    end to the connection before, if there still is one.
    """

    expected: tuple[Outcome, ...]
    method: str = "GET"
    target: str = "/v2/x?q=1"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)
    timeout: Timeout | None = AMPLE
    wire: Wire | None = None
    after: bool = False


@frozen
class Cell:
    """What a server does, and what is asked of it, in turn or all at once."""

    name: str
    handler: Handler
    asks: tuple[Ask, ...]
    place: Place = Place.SERVER
    only_tls: bool = False
    at_once: bool = False
    elsewhere: bool = False  # there is another server, which nobody should ask
    whole: bool = False  # what is wrong with the answer is no reason to close its connection


def is_possible(cell: Cell, tls: object, untrusted: object) -> bool:
    """Tell whether there is what a cell needs."""
    if cell.place is Place.UNTRUSTED:
        return untrusted is not None
    return tls is not None or not cell.only_tls


@define(eq=False)
class Trial:
    """A cell that is carried out; *problem* says what was expected and what happened instead."""

    cell: Cell
    make: Callable[[], Any]
    run: Run | None
    tls: ssl.SSLContext | None
    untrusted: ssl.SSLContext | None
    due: float = 0.0
    problem: str = ""
    raised: BaseException | None = None
    given_up: bool = False
    _hang_up: Callable[[], None] = lambda: None
    _outcomes: list[Any] = field(factory=list)

    def start(self, over: Callable[["Trial"], None]) -> None:
        """Carry it out in a thread of its own, then tell *over*; whatever goes wrong is noted."""
        self.due = time.monotonic() + MARGIN
        # A daemon: one that hangs must not keep the interpreter from ending.
        threading.Thread(target=self._carry_out, args=(over,), daemon=True).start()

    def _carry_out(self, over: Callable[["Trial"], None]) -> None:
        try:
            with _served(self.cell, self.tls, self.untrusted) as (server, url, elsewhere, hang_up):
                self._hang_up = hang_up
                steps = self._steps(server, url)
                if self.run is None:
                    play(steps, self.make)
                else:
                    self.run(partial(play_async, steps, self.make))
            # Now that the servers are at rest.
            self.problem = self.problem or self._seen(server, elsewhere)
        except BaseException as error:
            self.raised = error
        if self.given_up:
            self.problem = _ENDLESS
        over(self)

    def give_up(self) -> None:
        """End every connection of a trial that takes too long, which lets most transports go."""
        self.given_up = True
        self.problem = _ENDLESS
        self._hang_up()

    def _steps(self, server: Server, url: str) -> Steps:
        asks = self.cell.asks
        for batch in [asks] if self.cell.at_once else [(ask,) for ask in asks]:
            if batch[0].after:
                yield Waiting(lambda: server.ended.is_set() or server.is_quiet, settling=0.05)
            # One of the limits is there to end it; the others leave more time than there is.
            self.due = time.monotonic() + MARGIN + min(astuple(batch[0].timeout or Timeout()))
            outcomes = yield Sending(
                tuple(
                    (Request(ask.method, url + ask.target, ask.headers, ask.body), ask.timeout)
                    for ask in batch
                )
            )
            self.due = time.monotonic() + MARGIN + PATIENCE
            self._outcomes += outcomes
            server.released.set()
            problems = [
                _difference(ask.expected, outcome, server.elsewhere)
                for ask, outcome in zip(batch, outcomes, strict=True)
            ]
            self.problem = next(filter(None, problems), "")
            if self.problem:
                return
            failed = any(isinstance(outcome, TransportError) for outcome in outcomes)
            if failed and not self.cell.whole and not (yield Waiting(lambda: server.is_quiet)):
                self.problem = "a connection that is closed after a failure, but it is still open"
                return

    def _seen(self, server: Server, elsewhere: Server) -> str:
        """Say what is wrong with what the servers saw, if anything is."""
        answered = sum(isinstance(outcome, Response) for outcome in self._outcomes)
        sent = sum(not isinstance(outcome, NotSent) for outcome in self._outcomes)
        begun = sum(peer.begun for peer in server.peers)
        if begun > sent:
            return (
                f"{_requests(sent)} to reach the server, and no byte of one that is NotSent, "
                f"but it saw {begun}"
            )
        if begun < answered:
            return f"{_requests(answered)} to reach the server, but it saw {begun}"
        if self.cell.elsewhere and elsewhere.connections:
            return "that no other server is asked, but one is"
        authority = f"{server.host}:{server.port}".encode()
        wires = [ask.wire for ask in self.cell.asks]
        pairs = zip(wires, server.requests, strict=False)
        differences = [wire.difference(came, authority) for wire, came in pairs if wire]
        return next(filter(None, differences), "")


def _requests(number: int) -> str:
    return "1 request" if number == 1 else f"{number} requests"


def _normal(response: Response, elsewhere: str) -> tuple[int, list[tuple[str, str]], bytes]:
    fields = [
        (name.lower(), value.replace(ELSEWHERE, elsewhere)) for name, value in response.headers
    ]
    # RFC 9110, 5.3: only among fields of one name does their order matter.
    return response.status, sorted(fields, key=itemgetter(0)), response.body


def _difference(expected: tuple[Outcome, ...], outcome: Any, elsewhere: str) -> str:
    for one in expected:
        if isinstance(one, type):
            if isinstance(outcome, one):
                return ""
        elif isinstance(outcome, Response) and _normal(one, elsewhere) == _normal(
            outcome, elsewhere
        ):
            return ""
    return f"{' or '.join(_shown(one) for one in expected)}, but {_happened(outcome)}"


def _shown(value: Any) -> str:
    if isinstance(value, type):
        return value.__name__
    if not isinstance(value, Response):
        return f"{value!r:.200}, which is no Response"
    rest = f" and {len(value.body) - 60} bytes more" if len(value.body) > 60 else ""
    return f"{value.status} {list(value.headers)[:8]} {value.body[:60]!r}{rest}"


def _happened(outcome: Any) -> str:
    if not isinstance(outcome, BaseException):
        return f"it returned {_shown(outcome)}"
    raised = f"it raised {type(outcome).__name__} ({outcome})"
    known = isinstance(outcome, (NotSent, NoAnswer))
    return raised if known else f"{raised}, which is neither of the two errors"


@contextmanager
def _served(
    cell: Cell, tls: ssl.SSLContext | None, untrusted: ssl.SSLContext | None
) -> Iterator[tuple[Server, str, Server, Callable[[], None]]]:
    """Start what a cell needs; gives its server, the URL to ask, another server, and an end."""
    place = cell.place
    if place is Place.CLEAR:
        tls = None
    elif place is Place.UNTRUSTED:
        tls = untrusted
    with ExitStack() as stack:
        server = stack.enter_context(Server(cell.handler, tls=tls))
        elsewhere = server
        if cell.elsewhere:
            elsewhere = stack.enter_context(Server(answering(b"HTTP/1.1 204 Followed\r\n\r\n")))
            server.elsewhere = elsewhere.url
        unanswered = stack.enter_context(ExitStack())

        def hang_up() -> None:
            server.hang_up(reset=True)  # which also lets those go who send
            unanswered.close()  # from now on attempts to connect are refused

        base = server.url.removesuffix(f":{server.port}")
        port = server.port
        if place is Place.CLEAR:
            base = "https://localhost"
        elif place in (Place.REFUSED, Place.SILENT):
            taken = unanswered.enter_context(socket.socket())  # so that nobody else has the port
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            if place is Place.SILENT:
                # A listener whose queue is full swallows attempts to connect.
                taken.listen(0)
                for _ in range(4):
                    client = unanswered.enter_context(socket.socket())
                    client.setblocking(False)
                    client.connect_ex(taken.getsockname())
        yield server, f"{base}:{port}", elsewhere, hang_up
