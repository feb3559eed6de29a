"""The table of operations that the fake knows: each name with its function.

The names, methods and paths are those of `calcom_core.routes`. An operation without a row is known
to the API and has no recording here, so its response is 501.
"""

from collections.abc import Callable, Mapping

from calcom_transports.fake import (
    account,
    cancellation,
    changes,
    creation,
    listing,
    participants,
    slots,
)
from calcom_transports.fake.call import Call
from calcom_transports.fake.rendering import Json

Run = Callable[[Call], Json]
"""Changes the state, and returns the body of a success; or raises how the request fails."""

TRANSITIONS: Mapping[str, Run] = {
    "bookings.list": listing.list_bookings,
    "bookings.get": listing.get,
    "bookings.get_by_seat": listing.get_by_seat,
    "bookings.create": creation.create,
    "bookings.reschedule": changes.reschedule,
    "bookings.cancel": cancellation.cancel,
    "bookings.confirm": changes.confirm,
    "bookings.decline": changes.decline,
    "bookings.mark_absent": changes.mark_absent,
    "bookings.reassign": changes.reassign,
    "bookings.reassign_to_user": changes.reassign_to_user,
    "bookings.update_location": participants.update_location,
    "bookings.recordings": participants.video,
    "bookings.transcripts": participants.video,
    "bookings.conferencing_sessions": participants.sessions,
    "bookings.calendar_links": participants.calendar_links,
    "bookings.references": participants.references,
    "bookings.attendees.list": participants.list_attendees,
    "bookings.attendees.get": participants.get_attendee,
    "bookings.attendees.add": participants.add_attendee,
    "bookings.attendees.remove": participants.remove_attendee,
    "bookings.guests.add": participants.add_guests,
    "slots.list": slots.list_slots,
    "slots.reserve": slots.reserve,
    "slots.get_reservation": slots.get_reservation,
    "slots.update_reservation": slots.update_reservation,
    "slots.delete_reservation": slots.delete_reservation,
    "event_types.list": account.list_event_types,
    "event_types.get": account.get_event_type,
    "me.get": account.me,
}
"""The operations by the name of their route; those with one route share the first name of it."""

CREATED = frozenset(
    {"bookings.create", "bookings.reschedule", "bookings.attendees.add", "slots.reserve"}
)
"""Those whose success has the status 201."""
