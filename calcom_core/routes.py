"""What does not change from call to call: each operation's method, path and reader, in one table.

What is said of an operation elsewhere (documentation, clients, tests) is derived from here.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from calcom_core.model.booking import Booking, Reassignment
from calcom_core.model.fields import integer, segment
from calcom_core.operation import Many, One, OneOrMany, Operation, PageOf, Reader
from calcom_core.versions import pinned


@frozen
class Route:
    """A row of the table; *public* operations need no credentials."""

    name: str
    method: str
    path: str
    reader: Reader[Any]
    public: bool = False

    @property
    def repeatable(self) -> bool:
        """Whether asking twice does no harm: reads, and nothing else."""
        return self.method == "GET"


_ALL = "/v2/bookings"
_ONE = "/v2/bookings/{booking_uid}"
_ROUTES = (
    Route("bookings.list", "GET", _ALL, PageOf(Booking)),
    Route("bookings.get", "GET", _ONE, OneOrMany(Booking), public=True),
    Route("bookings.get_one", "GET", _ONE, One(Booking), public=True),
    Route("bookings.get_series", "GET", _ONE, Many(Booking), public=True),
    Route("bookings.create", "POST", _ALL, OneOrMany(Booking), public=True),
    Route("bookings.create_recurring", "POST", _ALL, Many(Booking, lone=True), public=True),
    Route("bookings.create_instant", "POST", _ALL, One(Booking), public=True),
    Route("bookings.reschedule", "POST", f"{_ONE}/reschedule", One(Booking), public=True),
    Route("bookings.reschedule_seat", "POST", f"{_ONE}/reschedule", One(Booking), public=True),
    Route("bookings.cancel", "POST", f"{_ONE}/cancel", OneOrMany(Booking), public=True),
    Route("bookings.cancel_seat", "POST", f"{_ONE}/cancel", One(Booking), public=True),
    Route("bookings.confirm", "POST", f"{_ONE}/confirm", One(Booking)),
    Route("bookings.decline", "POST", f"{_ONE}/decline", One(Booking)),
    Route("bookings.mark_absent", "POST", f"{_ONE}/mark-absent", One(Booking)),
    Route("bookings.reassign", "POST", f"{_ONE}/reassign", One(Reassignment)),
    Route("bookings.reassign_to_user", "POST", f"{_ONE}/reassign/{{user_id}}", One(Reassignment)),
)
ROUTES: Mapping[str, Route] = {route.name: route for route in _ROUTES}
"""Every operation by its name."""


def _booking_uid(value: object, field: str) -> str:
    return segment(value, field, reserved=("by-seat",))


_PARAMETERS: Mapping[str, Callable[[object, str], object]] = {
    "booking_uid": _booking_uid,
    "user_id": integer,
}


def operation(
    name: str,
    version: str | None,
    *,
    query: tuple[tuple[str, str], ...] = (),
    body: bytes | None = None,
    verify: Operation[Any] | None = None,
    **parameters: object,
) -> Operation[Any]:
    """Return the operation of that name, with the *parameters* of its path checked and filled in.

    What is not repeatable is verified by getting the booking, unless *verify* says another way.
    """
    route = ROUTES[name]
    path = re.sub(
        r"\{(\w+)\}",
        lambda match: str(_PARAMETERS[match[1]](parameters[match[1]], match[1])),
        route.path,
    )
    if not route.repeatable and verify is None:
        verify = operation("bookings.get", version, booking_uid=parameters["booking_uid"])
    return Operation(
        name=route.name,
        method=route.method,
        path=path,
        reader=route.reader,
        query=query,
        body=body,
        repeatable=route.repeatable,
        version=pinned(route.name, version),
        verify=verify,
    )
