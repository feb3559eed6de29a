"""The operations on bookings: each function returns an `Operation` and sends nothing.

The event type, not the route, decides whether the API returns one booking or a series.
Therefore `get`, `create` and `cancel` return either, and others return one certain type
(`get_one`, `get_series`, `create_recurring`, `cancel_seat`, …).
`attendees` and `guests` have the operations on the people of a booking.

*data* is a typed input of `calcom_core.model.inputs`, or a mapping of its keys.
Times are aware datetimes, or ISO 8601 strings with an offset.
The functions raise `InvalidInput`; `Operation.read` returns the documented results and raises the
other errors, and so do the methods of a client.
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
