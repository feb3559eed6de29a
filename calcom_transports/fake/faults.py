"""Faults as values: what goes wrong with the n-th request of an operation.

A fault is decided on before the request is looked at. The four kinds are those of a real network:
no connection, no response although the request was executed, a slow response, and a response of
something between client and server.
"""

from collections.abc import Collection
from typing import Literal

from attrs import define, field, frozen

from calcom_core.http import Response

Kind = Literal["refuse", "lose", "delay", "fail"]


@frozen
class Fault:
    """A fault of the requests from the *at*-th to the *times* after it, counted from 1.

    *on* is the name of an operation, or None for every request.
    *seconds* is how long a delay takes, and *response* what comes in place of the server's own;
    it *executes* the request all the same where that is so.
    """

    kind: Kind
    on: str | None = None
    at: int = 1
    times: int = 1
    seconds: float = 0
    response: Response | None = None
    executes: bool = False


@define
class _Watched:
    fault: Fault
    seen: int = 0


@define
class Faults:
    """The faults to come, each with how many requests it has seen."""

    _watched: list[_Watched] = field(factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether there is no fault left."""
        return not self._watched

    def add(self, fault: Fault) -> None:
        """Watch for the requests of a fault from now on."""
        self._watched.append(_Watched(fault))

    def clear(self) -> None:
        """Discard every fault."""
        self._watched.clear()

    def of(self, names: Collection[str]) -> list[Fault]:
        """Return the faults of a request, which belongs to an operation of these *names*."""
        found = []
        for watched in self._watched:
            fault = watched.fault
            if fault.on is None or fault.on in names:
                watched.seen += 1
                if fault.at <= watched.seen < fault.at + fault.times:
                    found.append(fault)
        return found
