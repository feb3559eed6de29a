"""The table of operations that the fake knows: each name with its function and its status.

The names, methods and paths are those of `calcom_core.routes`. An operation without a row is known
to the API and has no recording here, so its response is 501.
"""

from collections.abc import Callable, Mapping

from attrs import frozen

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


@frozen
class Transition:
    """The function of an operation, and the status of its success."""

    run: Callable[[Call], Json]
    status: int = 200


TRANSITIONS: Mapping[str, Transition] = {
    "bookings.list": Transition(listing.list_bookings),
    "bookings.get": Transition(listing.get),
    "bookings.get_by_seat": Transition(listing.get_by_seat),
    "bookings.create": Transition(creation.create, 201),
    "bookings.reschedule": Transition(changes.reschedule, 201),
    "bookings.cancel": Transition(cancellation.cancel),
    "bookings.confirm": Transition(changes.confirm),
    "bookings.decline": Transition(changes.decline),
    "bookings.mark_absent": Transition(changes.mark_absent),
    "bookings.reassign": Transition(changes.reassign),
    "bookings.reassign_to_user": Transition(changes.reassign_to_user),
    "bookings.update_location": Transition(participants.update_location),
    "bookings.recordings": Transition(participants.video),
    "bookings.transcripts": Transition(participants.video),
    "bookings.conferencing_sessions": Transition(participants.sessions),
    "bookings.calendar_links": Transition(participants.calendar_links),
    "bookings.references": Transition(participants.references),
    "bookings.attendees.list": Transition(participants.list_attendees),
    "bookings.attendees.get": Transition(participants.get_attendee),
    "bookings.attendees.add": Transition(participants.add_attendee, 201),
    "bookings.attendees.remove": Transition(participants.remove_attendee),
    "bookings.guests.add": Transition(participants.add_guests),
    "slots.list": Transition(slots.list_slots),
    "slots.reserve": Transition(slots.reserve, 201),
    "slots.get_reservation": Transition(slots.get_reservation),
    "slots.update_reservation": Transition(slots.update_reservation),
    "slots.delete_reservation": Transition(slots.delete_reservation),
    "event_types.list": Transition(account.list_event_types),
    "event_types.get": Transition(account.get_event_type),
    "me.get": Transition(account.me),
}
"""The operations by the name of their route; those with one route share the first name of it."""

LEGACY: Mapping[str, Transition] = {
    "bookings.get": Transition(listing.get_legacy),
    "bookings.create": Transition(creation.create_legacy, 201),
    "bookings.cancel": Transition(cancellation.cancel_legacy, 201),
}
"""The operations of the legacy API, which responds where the version is missing or unknown."""

LEGACY_ROUTES = frozenset({"bookings.list", "bookings.get", "bookings.create", "bookings.cancel"})
"""The routes here that the legacy API has; any other is 404."""
