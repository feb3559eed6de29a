"""Faults as values: failures of the n-th request of an operation.

A fault is decided on before the request is looked at. The four kinds are those of a real network:
no connection, no response although the request was executed, a slow response, and a response of
something between client and server.
"""

from collections.abc import Collection
from typing import Literal

from attrs import define, field

from calcom_core.checks import check_fields, checked_by, positive_int
from calcom_core.http import Response
from calcom_transports.fake.checks import operation_name, seconds

Kind = Literal["refuse_connections", "lose_response", "delay", "fail"]
"""The methods of `FakeCalcom` that set a fault."""


@define(field_transformer=check_fields)
class Fault:
    """A fault of *times* requests from the *at*-th on, counted from 1; it has *seen* some.

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
    seen: int = field(default=0, init=False)

    def __str__(self) -> str:
        """Return the call that sets the fault, such as `delay(30, on='bookings.create')`."""
        words = [str(self.seconds)] if self.kind == "delay" else []
        if self.response is not None:
            words.append(str(self.response.status))
        options = (("on", self.on, None), ("at", self.at, 1), ("times", self.times, 1))
        words += [f"{name}={value!r}" for name, value, default in options if value != default]
        return f"{self.kind}({', '.join(words)})"


@define
class Faults:
    """The faults that were set, each with how many requests it has seen."""

    all: list[Fault] = field(factory=list)

    @property
    def untriggered(self) -> list[Fault]:
        """The faults whose first request has not come yet."""
        return [fault for fault in self.all if fault.seen < fault.at]

    def clear(self) -> None:
        """Discard every fault."""
        self.all.clear()

    def of(self, names: Collection[str | None]) -> list[Fault]:
        """Return the faults of a request, which belongs to an operation of these *names*."""
        found = []
        for fault in self.all:
            if fault.on is None or fault.on in names:
                fault.seen += 1
                if fault.at <= fault.seen < fault.at + fault.times:
                    found.append(fault)
        return found
