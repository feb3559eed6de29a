"""The user of the credentials, and the event types of a user, in version 2024-06-14.

One event type shows its hidden fields, which the list leaves out.
"""

from typing import Any

from calcom_transports.fake.call import Call, ok
from calcom_transports.fake.refusals import NotRecorded
from calcom_transports.fake.rendering import Json, columns
from calcom_transports.fake.state import BookingField, EventType, State

_ME = columns("id email name defaultScheduleId=id time_zone username")


def me(call: Call) -> Json:
    """`GET /v2/me`."""
    nothing = dict.fromkeys(("avatarUrl", "bio", "organizationId"))
    return ok({**nothing, **_ME(call.user), "timeFormat": 12, "weekStart": "Monday"})


def list_event_types(call: Call) -> Json:
    """`GET /v2/event-types`, of the caller or of *username*; those of teams are not listed."""
    if not call.query.keys() <= {"username", "eventSlug"}:
        raise NotRecorded("event_types.list with another query than username and eventSlug")
    username, slug = call.text("username"), call.text("eventSlug")
    owner = call.caller if username is None else call.state.user_named(username)
    if owner is None:
        whose = "of an unknown user" if username else "without credentials and without username"
        raise NotRecorded(f"event_types.list {whose}")
    own = call.state.own_types(owner)
    return ok([_json(call.state, item) for item in own if slug in (None, item.slug)])


def get_event_type(call: Call) -> Json:
    """`GET /v2/event-types/{event_type_id}`, of the caller's own."""
    event_type = call.state.event_type(call.params["event_type_id"])
    if event_type is None or event_type.team_id is not None or not call.hosts(event_type):
        raise NotRecorded("event_types.get of an event type that is not the caller's own")
    return ok(_json(call.state, event_type, hidden=True))


def _default(kind: str, slug: str, required: bool = False, **more: Any) -> Json:
    return {"isDefault": True, "type": kind, "slug": slug, "required": required, **more}


_SHOWN: Json = {"disableOnPrefill": False, "hidden": False}
_NAME = _default("name", "name", True, label="your_name", disableOnPrefill=False)
_EMAIL = _default("email", "email", True, **_SHOWN)
_LOCATION = _default("radioInput", "location", hidden=False)
_TITLE = _default("text", "title", True, disableOnPrefill=False, hidden=True)
_LAST = (
    _default("textarea", "notes", **_SHOWN),
    _default("multiemail", "guests", **_SHOWN),
    _default("textarea", "rescheduleReason", **_SHOWN),
)
_FIELD = columns("type slug label required")


def _field_json(item: BookingField) -> Json:
    data = {"isDefault": False, "placeholder": "x", **_SHOWN, **_FIELD(item)}
    return {**data, "options": list(item.options)} if item.options else data


_NOT_IN_THE_FAKE: Json = {
    **dict.fromkeys(("successRedirectUrl", "scheduleId", "interfaceLanguage"), None),
    **dict.fromkeys(("disableGuests", "isInstantEvent", "onlyShowFirstAvailableSlot"), False),
    **dict.fromkeys(("hideCalendarNotes", "hideCalendarEventDetails", "hideOrganizerEmail"), False),
    **dict.fromkeys(("hidden", "showOptimizedSlots", "useDestinationCalendarEmail"), False),
    **dict.fromkeys(("allowReschedulingPastBookings", "lockTimeZoneToggleOnBookingPage"), False),
    **dict.fromkeys(("allowReschedulingCancelledBookings",), False),
    **dict.fromkeys(("price", "offsetStart"), 0),
    "description": "",
    "currency": "usd",
    "metadata": {},
    "forwardParamsSuccessRedirect": True,
    "bookingWindow": {"disabled": True},
    "calVideoSettings": {"sendTranscriptionEmails": True},
}
"""The settings that event types of the fake do not have, as the server shows them by default."""

_OWN = columns(
    "id title slug lengthInMinutes=length slot_interval minimumBookingNotice=minimum_notice "
    "beforeEventBuffer=buffer_before afterEventBuffer=buffer_after "
    "requiresBookerEmailVerification=verifies_email "
    "bookingRequiresAuthentication=requires_authentication"
)
_OWNER = columns("id name username")


def _switch(setting: object, **enabled: Any) -> Json:
    return enabled if setting else {"disabled": True}


def _json(state: State, item: EventType, hidden: bool = False) -> Json:
    """Return an event type, also with its *hidden* fields."""
    owner = state.users[item.host_ids[0]]
    by_phone = any(place.type == "attendeePhone" for place in item.locations)
    colours = dict.fromkeys(("avatarUrl", "brandColor", "darkBrandColor"))
    data: Json = {
        **_NOT_IN_THE_FAKE,
        **_OWN(item),
        "ownerId": owner.id,
        "users": [{**_OWNER(owner), **colours, "weekStart": "Monday", "metadata": {}}],
        "bookingUrl": f"http://localhost:3000/{owner.username}/{item.slug}",
        "locations": [
            {"type": place.type, place.type: place.value, "public": True}
            if place.value
            else {"type": place.type}
            for place in item.locations
        ],
        "bookingFields": [
            *((_NAME, _LOCATION) if by_phone else (_NAME, _EMAIL, _LOCATION)),
            *(_field_json(field) for field in item.booking_fields),
            *([_TITLE] if hidden else []),
            *_LAST,
        ],
        "recurrence": item.occurrences
        and {
            "disabled": False,
            "interval": 1,
            "occurrences": item.occurrences,
            "frequency": "weekly",
        },
        "confirmationPolicy": _switch(
            item.requires_confirmation, type="always", blockUnconfirmedBookingsInBooker=False
        ),
        "seats": _switch(
            item.seats,
            disabled=False,
            seatsPerTimeSlot=item.seats,
            showAttendeeInfo=item.shows_attendees,
            showAvailabilityCount=True,
        ),
        "bookerActiveBookingsLimit": _switch(
            item.max_active_bookings,
            maximumActiveBookings=item.max_active_bookings,
            offerReschedule=item.offers_reschedule,
        ),
        "disableCancelling": {"disabled": not item.allows_cancelling},
        "disableRescheduling": {"disabled": not item.allows_rescheduling},
    }
    if item.reschedule_notice is not None:
        data["disableRescheduling"]["minutesBefore"] = item.reschedule_notice
    if item.lengths:
        data["lengthInMinutesOptions"] = list(item.lengths)
        data["metadata"] = {"multipleDuration": list(item.lengths)}
    return data
