"""One parsed request to the fake, as every operation gets it, and the result of an operation.

Who may do what is decided here by three questions: is the caller known, a host of the booking,
or nobody.
"""

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from calcom_transports.fake.refusals import refuse
from calcom_transports.fake.rendering import Json, booking_json
from calcom_transports.fake.state import Booking, EventType, State, User


@frozen(eq=False)
class Call:
    """A request whose route and version are known."""

    state: State
    operation: str
    version: str | None
    caller: User | None
    params: Mapping[str, str]
    query: Mapping[str, list[str]]
    body: Any

    @property
    def user(self) -> User:
        """The caller of an operation that needs credentials, which the server has checked."""
        assert self.caller is not None  # noqa: S101
        return self.caller

    @property
    def uid(self) -> str:
        """The uid of the booking, or of the series, in the path."""
        return self.params["booking_uid"]

    def booking(self, refusal: str = "no-booking") -> Booking:
        """Return the booking of the path, or refuse."""
        booking = self.state.bookings.get(self.uid)
        if booking is None:
            refuse(refusal, uid=self.uid)
        return booking

    def is_host(self, booking: Booking) -> bool:
        """Tell whether the caller is a host of the booking or of its event type."""
        user = self.caller
        return user is not None and (
            user.id in booking.host_ids or self.hosts(self.state.type_of(booking))
        )

    def hosts(self, event_type: EventType) -> bool:
        """Tell whether the caller is a host of the event type."""
        return self.caller is not None and self.caller.id in event_type.host_ids

    def text(self, name: str) -> str | None:
        """Return the first value of a query parameter, or None."""
        values = self.query.get(name)
        return values[0] if values else None

    def shown(self, booking: Booking, seat_uid: str | None = None) -> Json:
        """Return a booking with the attendees whom the caller may see.

        Those are hidden from all but the hosts if the event type says so; the holder of the seat
        *seat_uid* is shown all the same. Seats of a cancelled booking are shown since 2026-02-25.
        """
        people = booking.attendees
        if booking.seated:
            if not self.state.type_of(booking).shows_attendees and not self.is_host(booking):
                people = tuple(person for person in people if person.seat_uid == seat_uid)
            if not booking.is_active and (self.version or "") < "2026-02-25":
                people = ()
        return booking_json(self.state, booking, people)


def ok(data: Any) -> Json:
    """Return the envelope of a success."""
    return {"status": "success", "data": data}


def made(data: Json, seat_uid: str | None = None) -> Json:
    """Return a booking with the keys that a create or a reschedule adds."""
    data["isPlatformManagedUserBooking"] = False
    return data if seat_uid is None else {**data, "seatUid": seat_uid}
