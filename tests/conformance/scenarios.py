"""A scenario: what a server does, the requests that a client sends, and the allowed outcomes."""

from enum import Enum, auto
from typing import Any, TypeAlias

from attrs import field, frozen
from server import Handler

from calcom_core.errors import TransportError
from calcom_core.http import Response, Timeout

AMPLE = Timeout(connect=10, read=10, total=10)
"""Timeouts that no correct exchange reaches."""
SILENCE = Timeout(connect=60, read=0.1, total=60)
"""Timeouts for a server that falls silent."""
BRIEF = Timeout(connect=60, read=60, total=1.5)
"""Timeouts for a server that never stops sending."""

Outcome: TypeAlias = Response | type[TransportError]


class Place(Enum):
    """Where a request goes."""

    SERVER = auto()
    REFUSED = auto()  # a port without a listener
    SILENT = auto()  # a port that accepts no connection
    CLEAR = auto()  # https:// to a server without TLS
    UNTRUSTED = auto()  # https:// to a server whose certificate is not trusted


@frozen
class Exchange:
    """A request, and its allowed outcomes.

    The request must arrive as it is, but with *sent_target* in place of the target, if given.
    *after_end* waits first until the server has ended the connection before, if one is open.
    """

    expected: tuple[Outcome, ...]
    method: str = "GET"
    target: str = "/v2/x?q=1"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)
    timeout: Timeout | None = AMPLE
    sent_target: str = ""
    after_end: bool = False


def get(*expected: Outcome, **options: Any) -> Exchange:
    """Return a GET with its allowed outcomes."""
    return Exchange(expected, **options)


def post(*expected: Outcome, body: bytes = b"{}", **options: Any) -> Exchange:
    """Return a POST with its allowed outcomes."""
    return Exchange(expected, "POST", body=body, **options)


@frozen
class Scenario:
    """What a server does on each connection, and the exchanges with it.

    Scenarios of one *name* are one test, in which *variant* distinguishes them.
    """

    name: str
    handler: Handler
    exchanges: tuple[Exchange, ...]
    variant: str = ""
    place: Place = Place.SERVER
    only_tls: bool = False
    at_once: bool = False  # the exchanges overlap
    may_stay_open: bool = False  # the connection is in order, although its response is not

    def __str__(self) -> str:
        return f"{self.name}, {self.variant}" if self.variant else self.name
