"""Faults as values: failures of the n-th request of an operation.

A fault is decided on before the request is looked at. The four kinds are those of a real network:
no connection, no response although the request was executed, a slow response, and a response of
something between client and server.
"""

from collections.abc import Collection
from typing import Literal

from attrs import define, field, frozen

from calcom_core.checks import check_fields, checked_by, positive_int
from calcom_core.http import Response
from calcom_transports.fake.checks import operation_name, seconds

Kind = Literal["refuse_connections", "lose_response", "delay", "fail"]
"""The methods of `FakeCalcom` that set a fault."""


@frozen(field_transformer=check_fields)
class Fault:
    """A fault of *times* requests from the *at*-th on, counted from 1.

    *on* is the name of an operation, or None for every request.
    *seconds* is how long a delay takes, and *response* what comes in place of the server's own;
    it *executes* the request all the same where that is so.
    """

    kind: Kind
    on: str | None = field(default=None, metadata=checked_by(operation_name))
    at: int = field(default=1, metadata=checked_by(positive_int))
    times: int = field(default=1, metadata=checked_by(positive_int))
    seconds: float = field(default=0, metadata=checked_by(seconds))
    response: Response | None = None
    executes: bool = False

    def __str__(self) -> str:
        """Return the call that sets the fault, such as `delay(30, on='bookings.create')`."""
        words = [str(self.seconds)] if self.kind == "delay" else []
        if self.response is not None:
            words.append(str(self.response.status))
        options = (("on", self.on, None), ("at", self.at, 1), ("times", self.times, 1))
        words += [f"{name}={value!r}" for name, value, default in options if value != default]
        return f"{self.kind}({', '.join(words)})"


@define
class _Watched:
    fault: Fault
    seen: int = 0

    @property
    def triggered(self) -> bool:
        return self.seen >= self.fault.at


@define
class Faults:
    """The faults to come, each with how many requests it has seen."""

    _watched: list[_Watched] = field(factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether there is no fault left."""
        return not self._watched

    @property
    def untriggered(self) -> list[Fault]:
        """The faults whose first request has not come yet."""
        return [watched.fault for watched in self._watched if not watched.triggered]

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
