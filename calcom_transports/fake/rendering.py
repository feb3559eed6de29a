"""State as the JSON of the API, in the shapes of version 2024-08-13 and of the legacy one.

A booking has one of four shapes: with or without seats, alone or in a series. What a shape lacks
is a missing key, and not null.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from calcom_transports.fake.state import Attendee, Booking, EventType, State, User

Json = dict[str, Any]


@lru_cache(maxsize=4096)  # a booking has four, and is shown again and again
def instant(moment: datetime) -> str:
    """Return a moment as the API writes it: in UTC, with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def booking_json(
    state: State, booking: Booking, attendees: Iterable[Attendee] | None = None
) -> Json:
    """Return a booking; *attendees* are those to show where that is not all of them."""
    shown = booking.attendees if attendees is None else attendees
    event_type = state.event_types[booking.event_type_id]
    minutes = (booking.end - booking.start).total_seconds() / 60
    data: Json = {
        "id": booking.id,
        "uid": booking.uid,
        "title": booking.title,
        "description": None if booking.seated else "",
        "hosts": [host_json(state.organizer(booking))],
        "status": booking.status,
        "cancellationReason": booking.cancellation_reason,
        "start": instant(booking.start),
        "end": instant(booking.end),
        "duration": int(minutes) if minutes.is_integer() else minutes,
        "eventTypeId": event_type.id,
        "eventType": {"id": event_type.id, "slug": event_type.slug},
        "meetingUrl": booking.location,
        "location": booking.location,
        "absentHost": booking.absent_host,
        "createdAt": instant(booking.created_at),
        "updatedAt": instant(booking.updated_at),
        "rating": None,
        "icsUid": booking.ics_uid,
        "attendees": [
            _attendee_of_booking(attendee, booking.seated, booking.series_uid is not None)
            for attendee in shown
        ],
    }
    if booking.series_uid is not None:
        data["recurringBookingUid"] = booking.series_uid
    else:
        data["rescheduledByEmail"] = booking.rescheduled_by
        if booking.rescheduled_to is not None:
            data["rescheduledToUid"] = booking.rescheduled_to
    if booking.rescheduled_from is not None:
        data["rescheduledFromUid"] = booking.rescheduled_from
    if not booking.seated:
        data["cancelledByEmail"] = ""
        data["metadata"] = dict(booking.metadata)
        data["bookingFieldsResponses"] = _responses(booking)
        if "guests" in booking.responses:
            data["guests"] = list(booking.responses["guests"])
        if booking.rescheduling_reason is not None:
            data["reschedulingReason"] = booking.rescheduling_reason
    return data


def new_booking_json(data: Json, seat_uid: str | None = None) -> Json:
    """Return the keys that a create or a reschedule adds to a booking."""
    data["isPlatformManagedUserBooking"] = False
    if seat_uid is not None:
        data["seatUid"] = seat_uid
    return data


def _responses(booking: Booking) -> Json:
    responses = dict(booking.responses)
    responses["displayEmail"] = responses["email"]
    if "guests" in responses:
        responses["displayGuests"] = list(responses["guests"])
    return responses


def host_json(user: User) -> Json:
    """Return a user as the host of a booking."""
    return {
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "displayEmail": user.email,
        "username": user.username,
        "timeZone": user.time_zone,
    }


def attendee_json(attendee: Attendee) -> Json:
    """Return an attendee without a seat, as bookings show one."""
    return {
        "name": attendee.name,
        "email": attendee.email,
        "displayEmail": attendee.email,
        "timeZone": attendee.time_zone,
        "language": attendee.language,
        "absent": attendee.absent,
    }


def _attendee_of_booking(attendee: Attendee, seated: bool, recurring: bool) -> Json:
    data = attendee_json(attendee)
    if seated:
        data["seatUid"] = attendee.seat_uid
        data["bookingFieldsResponses"] = dict(attendee.responses)
        data["metadata"] = dict(attendee.metadata)
    elif attendee.phone_number is not None and not recurring:
        data["phoneNumber"] = attendee.phone_number
    return data


def page_json(total: int, take: int, skip: int) -> Json:
    """Return the pagination of a list by *take* and *skip*."""
    before, pages = min(skip, total), -(-total // take)
    return {
        "returnedItems": min(total - before, take),
        "totalItems": total,
        "itemsPerPage": take,
        "remainingItems": max(total - before - take, 0),
        "currentPage": min(before // take + 1, pages),
        "totalPages": pages,
        "hasNextPage": before + take < total,
        "hasPreviousPage": before > 0,
    }


def legacy_booking_json(state: State, booking: Booking) -> Json:
    """Return a booking as the legacy API shows it, which responds where the version is missing."""
    event_type, host = state.event_types[booking.event_type_id], state.organizer(booking)
    first = booking.attendees[0]
    return {
        "title": booking.title,
        "id": booking.id,
        "uid": booking.uid,
        "description": "",
        "customInputs": {},
        "smsReminderNumber": None,
        "recurringEventId": booking.series_uid,
        "startTime": instant(booking.start),
        "endTime": instant(booking.end),
        "location": booking.location,
        "status": booking.status.upper(),
        "metadata": {"videoCallUrl": booking.location, **booking.metadata},
        "cancellationReason": booking.cancellation_reason or None,
        "cancelledBy": None,
        "responses": {"name": first.name, "email": first.email},
        "rejectionReason": booking.rejection_reason,
        "userPrimaryEmail": host.email,
        "fromReschedule": booking.rescheduled_from,
        "rescheduled": True if booking.rescheduled_to else None,
        "rescheduledBy": booking.rescheduled_by,
        "user": {
            "id": host.id,
            "name": host.name,
            "email": host.email,
            "username": host.username,
            "timeZone": host.time_zone,
            "avatarUrl": None,
        },
        "attendees": [
            {
                "name": attendee.name,
                "email": attendee.email,
                "timeZone": attendee.time_zone,
                "phoneNumber": attendee.phone_number,
            }
            for attendee in booking.attendees
        ],
        "eventTypeId": event_type.id,
        "eventType": {
            "eventName": None,
            "slug": event_type.slug,
            "timeZone": None,
            "schedulingType": None,
            "hideOrganizerEmail": False,
        },
        "seatsReferences": [],
        "tracking": None,
        "assignmentReason": [],
    }


def me_json(user: User) -> Json:
    """Return the user of the credentials."""
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "avatarUrl": None,
        "bio": None,
        "timeFormat": 12,
        "defaultScheduleId": user.id,
        "weekStart": "Monday",
        "timeZone": user.time_zone,
        "username": user.username,
        "organizationId": None,
    }


_FIELDS_BEFORE: tuple[Json, ...] = (
    {
        "isDefault": True,
        "type": "name",
        "slug": "name",
        "required": True,
        "label": "your_name",
        "disableOnPrefill": False,
    },
    {
        "isDefault": True,
        "type": "email",
        "slug": "email",
        "required": True,
        "disableOnPrefill": False,
        "hidden": False,
    },
    {
        "isDefault": True,
        "type": "radioInput",
        "slug": "location",
        "required": False,
        "hidden": False,
    },
)
_FIELDS_AFTER: tuple[Json, ...] = tuple(
    {
        "isDefault": True,
        "type": kind,
        "slug": slug,
        "required": False,
        "disableOnPrefill": False,
        "hidden": False,
    }
    for slug, kind in (
        ("notes", "textarea"),
        ("guests", "multiemail"),
        ("rescheduleReason", "textarea"),
    )
)


_TITLE: Json = {
    "isDefault": True,
    "type": "text",
    "slug": "title",
    "required": True,
    "disableOnPrefill": False,
    "hidden": True,
}


def event_type_json(state: State, event_type: EventType, hidden: bool = False) -> Json:
    """Return an event type in version 2024-06-14, also with its *hidden* fields."""
    owner = state.users[event_type.host_ids[0]]
    by_phone = any(location.type == "attendeePhone" for location in event_type.locations)
    data: Json = {
        "id": event_type.id,
        "ownerId": owner.id,
        "lengthInMinutes": event_type.length,
        "title": event_type.title,
        "slug": event_type.slug,
        "description": "",
        "locations": [
            {"type": location.type}
            if not location.value
            else {"type": location.type, location.type: location.value, "public": True}
            for location in event_type.locations
        ],
        "bookingFields": [
            *(item for item in _FIELDS_BEFORE if not (by_phone and item["slug"] == "email")),
            *(_field_json(item) for item in event_type.booking_fields),
            *([_TITLE] if hidden else []),
            *_FIELDS_AFTER,
        ],
        "recurrence": None
        if event_type.occurrences is None
        else {
            "disabled": False,
            "interval": 1,
            "occurrences": event_type.occurrences,
            "frequency": "weekly",
        },
        "disableGuests": False,
        "slotInterval": event_type.slot_interval,
        "minimumBookingNotice": event_type.minimum_notice,
        "beforeEventBuffer": event_type.buffer_before,
        "afterEventBuffer": event_type.buffer_after,
        "metadata": {},
        "price": 0,
        "currency": "usd",
        "lockTimeZoneToggleOnBookingPage": False,
        "forwardParamsSuccessRedirect": True,
        "successRedirectUrl": None,
        "isInstantEvent": False,
        "users": [
            {
                "id": owner.id,
                "name": owner.name,
                "username": owner.username,
                "avatarUrl": None,
                "brandColor": None,
                "darkBrandColor": None,
                "weekStart": "Monday",
                "metadata": {},
            }
        ],
        "scheduleId": None,
        "onlyShowFirstAvailableSlot": False,
        "offsetStart": 0,
        "bookingWindow": {"disabled": True},
        "confirmationPolicy": {"type": "always", "blockUnconfirmedBookingsInBooker": False}
        if event_type.requires_confirmation
        else {"disabled": True},
        "requiresBookerEmailVerification": event_type.verifies_email,
        "hideCalendarNotes": False,
        "seats": {"disabled": True}
        if event_type.seats is None
        else {
            "disabled": False,
            "seatsPerTimeSlot": event_type.seats,
            "showAttendeeInfo": event_type.shows_attendees,
            "showAvailabilityCount": True,
        },
        "useDestinationCalendarEmail": False,
        "hideCalendarEventDetails": False,
        "hideOrganizerEmail": False,
        "calVideoSettings": {"sendTranscriptionEmails": True},
        "hidden": False,
        "bookingRequiresAuthentication": event_type.requires_authentication,
        "bookerActiveBookingsLimit": {"disabled": True}
        if event_type.max_active_bookings is None
        else {
            "maximumActiveBookings": event_type.max_active_bookings,
            "offerReschedule": event_type.offers_reschedule,
        },
        "bookingUrl": f"http://localhost:3000/{owner.username}/{event_type.slug}",
        "disableCancelling": {"disabled": not event_type.allows_cancelling},
        "disableRescheduling": _rescheduling_json(event_type),
        "interfaceLanguage": None,
        "allowReschedulingPastBookings": False,
        "allowReschedulingCancelledBookings": False,
        "showOptimizedSlots": False,
    }
    if event_type.lengths:
        data["lengthInMinutesOptions"] = list(event_type.lengths)
        data["metadata"] = {"multipleDuration": list(event_type.lengths)}
    return data


def _rescheduling_json(event_type: EventType) -> Json:
    data: Json = {"disabled": not event_type.allows_rescheduling}
    if event_type.reschedule_notice is not None:
        data["minutesBefore"] = event_type.reschedule_notice
    return data


def _field_json(item: Any) -> Json:
    data: Json = {
        "isDefault": False,
        "type": item.type,
        "slug": item.slug,
        "label": item.label,
        "required": item.required,
        "placeholder": "x",
        "disableOnPrefill": False,
        "hidden": False,
    }
    if item.options:
        data["options"] = list(item.options)
    return data
