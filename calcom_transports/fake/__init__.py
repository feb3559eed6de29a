"""A stateful Cal.com in memory, for tests that need no server, no key and no network.

`FakeCalcom` is the transport, and `fake.state` holds its state, in the values of this package:

- `User`, `Team`, `EventType`, `Location` and `BookingField` are the settings of an account;
- `Booking`, `Attendee` and `Reservation` are the results of calls;
- `RateLimit` and the methods of `FakeCalcom` cause failures.
"""

from calcom_transports.fake.limits import RateLimit
from calcom_transports.fake.state import (
    Attendee,
    Booking,
    BookingField,
    EventType,
    Location,
    Reservation,
    State,
    Team,
    User,
)
from calcom_transports.fake.transport import FakeCalcom

__all__ = [
    "Attendee",
    "Booking",
    "BookingField",
    "EventType",
    "FakeCalcom",
    "Location",
    "RateLimit",
    "Reservation",
    "State",
    "Team",
    "User",
]
