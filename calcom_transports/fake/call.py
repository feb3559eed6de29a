"""One parsed request to the fake, as every operation gets it, and the result of an operation.

Who may do what is decided here by three questions: is the caller known, a host of the booking,
or nobody.
"""

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from calcom_transports.fake.refusals import refuse
from calcom_transports.fake.state import Booking, EventType, State, User


@frozen(eq=False)
class Call:
    """A request whose route is known; *path* is as it was sent, with its query."""

    state: State
    operation: str
    caller: User | None
    path: str
    params: Mapping[str, str]
    query: Mapping[str, list[str]]
    body: Any

    @property
    def user(self) -> User:
        """The caller of an operation that needs credentials, which the server has checked."""
        assert self.caller is not None  # noqa: S101
        return self.caller

    def booking(self, refusal: str = "no-booking") -> Booking:
        """Return the booking of the path, or refuse."""
        uid = self.params["booking_uid"]
        booking = self.state.bookings.get(uid)
        if booking is None:
            refuse(refusal, uid=uid)
        return booking

    def is_host(self, booking: Booking) -> bool:
        """Tell whether the caller is a host of the booking or of its event type."""
        if self.caller is None:
            return False
        event_type = self.state.event_types[booking.event_type_id]
        return self.caller.id in booking.host_ids or self.hosts(event_type)

    def hosts(self, event_type: EventType) -> bool:
        """Tell whether the caller is a host of the event type."""
        return self.caller is not None and self.caller.id in event_type.host_ids

    def text(self, name: str) -> str | None:
        """Return the first value of a query parameter, or None."""
        values = self.query.get(name)
        return values[0] if values else None


def ok(data: Any) -> dict[str, Any]:
    """Return the envelope of a success."""
    return {"status": "success", "data": data}
