"""One function for each operation on bookings; each returns an `Operation` and does nothing.

The API decides by the event type, not by the route, what it answers with; so there is a function
for what it may do (`get`, `create`, `cancel`), and one for each certain thing
(`get_one`, `get_series`, `create_recurring`, `cancel_seat`, …).
`attendees` and `guests` have the operations on the people of one booking.
`data` is a typed input of `calcom_core.model.inputs`, or a mapping of the same keys.
What a docstring says of the result, and of errors other than `InvalidInput`, is what
`Operation.read` makes of the answer; a client's method of the same name returns and raises it.
Times are aware datetimes or strings of ISO 8601 with an offset.
"""

from calcom_core.bookings import attendees, guests
from calcom_core.bookings.cancellation import cancel, cancel_one, cancel_seat
from calcom_core.bookings.creation import create, create_instant, create_one, create_recurring
from calcom_core.bookings.host_actions import (
    confirm,
    confirm_seats,
    decline,
    decline_seats,
    mark_absent,
    reassign,
    reassign_to_user,
    update_location,
)
from calcom_core.bookings.reads import (
    calendar_links,
    conferencing_sessions,
    get,
    get_by_seat,
    get_one,
    get_series,
    list,
    recordings,
    references,
    transcripts,
)
from calcom_core.bookings.rescheduling import request_reschedule, reschedule, reschedule_seat

__all__ = [
    "attendees",
    "calendar_links",
    "cancel",
    "cancel_one",
    "cancel_seat",
    "conferencing_sessions",
    "confirm",
    "confirm_seats",
    "create",
    "create_instant",
    "create_one",
    "create_recurring",
    "decline",
    "decline_seats",
    "get",
    "get_by_seat",
    "get_one",
    "get_series",
    "guests",
    "list",
    "mark_absent",
    "reassign",
    "reassign_to_user",
    "recordings",
    "references",
    "request_reschedule",
    "reschedule",
    "reschedule_seat",
    "transcripts",
    "update_location",
]
