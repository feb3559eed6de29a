"""The legacy API, which responds where the version of a request is missing or unknown.

It knows few routes, and has another shape for each. Its cancel really cancels.
"""

from collections.abc import Callable, Mapping

from calcom_transports.fake.call import Call, ok
from calcom_transports.fake.cancellation import cancel
from calcom_transports.fake.refusals import NotRecorded, RefusedByForm
from calcom_transports.fake.rendering import Json, columns
from calcom_transports.fake.state import Booking
from calcom_transports.fake.validation import problem_of

_BOOKING = columns(
    "title id uid recurringEventId=series_uid startTime=start endTime=end location event_type_id "
    "rejection_reason fromReschedule=rescheduled_from rescheduled_by"
)
_HOST = columns("id name email username time_zone")
_ATTENDEE = columns("name email time_zone phone_number")
_CONSTANTS: Json = {
    **dict.fromkeys(("smsReminderNumber", "cancelledBy", "tracking")),
    "description": "",
    "customInputs": {},
    "seatsReferences": [],
    "assignmentReason": [],
}


def _booking(call: Call) -> Booking:
    booking = call.state.bookings.get(call.uid)
    if booking is None or booking.seated or booking.series_uid is not None:
        raise NotRecorded("the legacy API with a booking that is unknown, recurring or seated")
    return booking


def _get(call: Call) -> Json:
    booking = _booking(call)
    host, first = call.state.organizer(booking), booking.attendees[0]
    event_type = dict.fromkeys(("eventName", "timeZone", "schedulingType"))
    slug = call.state.type_of(booking).slug
    return ok(
        {
            **_CONSTANTS,
            **_BOOKING(booking),
            "status": booking.status.upper(),
            "metadata": {"videoCallUrl": booking.location, **booking.metadata},
            "cancellationReason": booking.cancellation_reason or None,
            "responses": {"name": first.name, "email": first.email},
            "userPrimaryEmail": host.email,
            "rescheduled": True if booking.rescheduled_to else None,
            "user": {**_HOST(host), "avatarUrl": None},
            "attendees": [_ATTENDEE(attendee) for attendee in booking.attendees],
            "eventType": {**event_type, "slug": slug, "hideOrganizerEmail": False},
        }
    )


_WANTED = (
    ("timeZone", "isTimeZone", "timeZone must be a valid IANA time-zone"),
    ("language", "isString", "language must be a string"),
    ("metadata", "isObject", "metadata must be an object"),
)


def _create(call: Call) -> Json:
    """Refuse the body of the current API, which lacks properties."""
    known = {"start", "eventTypeId", *(key for key, _, _ in _WANTED)}
    target = {key: value for key, value in call.body.items() if key in known}
    errors = [problem_of(target, *row) for row in _WANTED if row[0] not in target]
    for error in errors:
        del error["value"]  # JSON has no undefined
    if errors:
        raise RefusedByForm(*errors)
    raise NotRecorded("bookings.create of the legacy API, with a body of that API")


def _cancel(call: Call) -> Json:
    booking = _booking(call)
    if booking.status == "cancelled":
        raise NotRecorded("the legacy API with a booking that is cancelled already")
    cancel(call)
    done = {"bookingId": booking.id, "bookingUid": booking.uid, "onlyRemovedAttendee": False}
    return ok(done)


def _list(call: Call) -> Json:
    raise NotRecorded("bookings.list of the legacy API, without a version")


LEGACY: Mapping[str, tuple[Callable[[Call], Json], int]] = {
    "bookings.list": (_list, 200),
    "bookings.get": (_get, 200),
    "bookings.create": (_create, 201),
    "bookings.cancel": (_cancel, 201),
}
"""The routes here that the legacy API has, each with the status of a success; others are 404."""
