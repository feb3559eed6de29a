"""Responses as the API sends them, for tests.

Each function returns a complete response; keywords replace its fixed values, all of them invented.
Keywords have the names of the fields of `Booking`, `Attendee`, `Host`, `EventTypeRef` and `Slot`.
A keyword of another name, or with a value of another type, is an `InvalidInput`.

Values that the server derives from others follow them here, too:

| value | follows |
|---|---|
| `end` | `start` and `duration`; `start` follows `end` if only that is given |
| `duration` | `start` and `end` |
| `event_type` and `event_type_id` | each other |
| `location` and `meeting_url` | each other |
| `ics_uid` | `uid` |
| `display_email` | `email` |
| `booking_fields_responses` | `name` and `email` of the first attendee |

A booking with `recurring_booking_uid` is recurring.
One with `seats`, `seat_uid`, or a `seat_uid` in one of its attendees, is seated.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from json import dumps
from types import EllipsisType
from typing import Any, TypedDict, Unpack

import attrs

from calcom_core.checks import (
    date_or_datetime,
    did_you_mean,
    found_type,
    json_object,
    list_of,
    non_empty_string,
    non_negative_int,
    positive_int,
    utc_datetime,
)
from calcom_core.errors import InvalidInput
from calcom_core.http import Headers, HeadersInput, Response
from calcom_core.model.booking import Attendee, Booking, EventTypeRef, Host
from calcom_core.model.inputs import Moment
from calcom_core.model.slot import Slot
from calcom_core.serialization import UnexpectedValue, camel_case, read


class HostFields(TypedDict, total=False):
    """The fields of a `Host`."""

    id: int | str | None
    email: str | None
    display_email: str | None
    username: str | None
    name: str | None
    time_zone: str | None
    extra: Mapping[str, Any]


class AttendeeFields(TypedDict, total=False):
    """The fields of an `Attendee`."""

    name: str | None
    email: str | None
    display_email: str | None
    time_zone: str | None
    absent: bool | None
    language: str | None
    phone_number: str | None
    seat_uid: str | None
    booking_fields_responses: Mapping[str, Any] | None
    metadata: Mapping[str, Any] | None
    created_at: Moment | None
    extra: Mapping[str, Any]


class EventTypeRefFields(TypedDict, total=False):
    """The fields of an `EventTypeRef`."""

    id: int | None
    slug: str | None
    extra: Mapping[str, Any]


class BookingFields(TypedDict, total=False):
    """The fields of a `Booking`, and *seats*: the uids of seats, one for each attendee.

    *extra* holds further keys of the JSON, under the API's own names.
    """

    seats: Iterable[str]
    uid: str
    status: str
    start: Moment
    end: Moment
    id: int | None
    title: str | None
    hosts: Iterable[HostFields]
    attendees: Iterable[AttendeeFields]
    duration: float | None
    absent_host: bool | None
    created_at: Moment | None
    updated_at: Moment | None
    description: str | None
    cancellation_reason: str | None
    cancelled_by_email: str | None
    rescheduling_reason: str | None
    rescheduled_by_email: str | None
    rescheduled_from_uid: str | None
    rescheduled_to_uid: str | None
    event_type: EventTypeRefFields | None
    event_type_id: int | None
    meeting_url: str | None
    location: str | None
    guests: Sequence[str] | None
    metadata: Mapping[str, Any] | None
    booking_fields_responses: Mapping[str, Any] | None
    rating: float | None
    ics_uid: str | None
    recurring_booking_uid: str | None
    seat_uid: str | None
    is_platform_managed_user_booking: bool | None
    extra: Mapping[str, Any]


class SlotFields(TypedDict, total=False):
    """The fields of a `Slot`."""

    start: Moment
    end: Moment | None
    seats_booked: int | None
    seats_remaining: int | None
    seats_total: int | None
    booking_uid: str | None
    extra: Mapping[str, Any]


_START = datetime(2027, 4, 5, 9, tzinfo=UTC)
_CREATED = "2026-11-22T16:03:00.000Z"
_LOCATION = "https://meet.example.com/hanna"
_SERIES = "10000000-0000-4000-8000-000000000000"
_HOST = {
    "id": 1,
    "name": "Hanna Host",
    "email": "hanna@example.com",
    "username": "hanna",
    "timeZone": "Europe/Berlin",
}
# Without seats, and in a booking that is not recurring; else the server leaves them out.
_NOT_SEATED = ("cancelledByEmail", "metadata", "bookingFieldsResponses")
_NOT_RECURRING = ("rescheduledByEmail",)

_EXCEPTIONS: Mapping[int, tuple[str, str | None]] = {
    400: ("BadRequestException", "Bad Request"),
    401: ("UnauthorizedException", "Unauthorized"),
    403: ("ForbiddenException", "Forbidden"),
    404: ("NotFoundException", "Not Found"),
    409: ("ConflictException", "Conflict"),
    422: ("UnprocessableEntityException", "Unprocessable Entity"),
    429: ("ThrottlerException", None),
    498: ("TokenExpiredException", None),
}


def booking(**fields: Unpack[BookingFields]) -> Response:
    """Return a response with one booking.

    Raises `InvalidInput` for an unknown field, and for a value that a booking cannot have.
    """
    return _success(_booking(fields, "", 1))


def series(bookings: Iterable[BookingFields]) -> Response:
    """Return a response with the occurrences of a recurring booking, a week apart.

    Arguments:
        bookings: the fields of each occurrence; an empty mapping takes the fixed values.

    Raises `InvalidInput` as `booking` does.
    """
    return _success(_bookings(bookings, {"recurring_booking_uid": _SERIES}))


def page(
    bookings: Iterable[BookingFields],
    *,
    total_items: int | None = None,
    take: int | None = None,
    skip: int = 0,
    next_cursor: str | EllipsisType | None = ...,
) -> Response:
    """Return a response with one page of a list of bookings.

    With *next_cursor* it is a page by cursor, otherwise one by *take* and *skip*.

    Arguments:
        bookings: the fields of each booking; an empty mapping takes the fixed values.
        total_items: how many bookings all pages have; by default none follows this page.
        take: how many bookings a page has at most; by default as many as this one.
        skip: how many bookings the pages before this one have.
        next_cursor: the cursor of the next page; None on the last page.

    Raises `InvalidInput` as `booking` does, and for numbers that contradict each other.
    """
    data = _bookings(bookings, {})
    if isinstance(next_cursor, EllipsisType):
        pagination = _by_offset(len(data), total_items, take, skip)
    elif (total_items, take, skip) == (None, None, 0):
        cursor = None if next_cursor is None else non_empty_string(next_cursor, "next_cursor")
        pagination = {"nextCursor": cursor, "hasMore": cursor is not None}
    else:
        raise InvalidInput("next_cursor", "excludes total_items, take and skip; give one or other")
    return json({"status": "success", "data": data, "pagination": pagination})


def slots(by_date: Mapping[str | date, Iterable[Moment | SlotFields]]) -> Response:
    """Return a response with free slots.

    Arguments:
        by_date: the slots of each date; a slot is its start, or a mapping of its fields.

    Raises `InvalidInput` for a key that is not a date, and as `booking` does.
    """
    data = {}
    for key, given in _mapping(by_date, "by_date").items():
        day = date_or_datetime(key, "a key of by_date")
        if isinstance(day, datetime):
            raise InvalidInput("a key of by_date", "is a time; give a date such as 2027-04-05")
        data[day.isoformat()] = [
            _object(Slot, item if isinstance(item, Mapping) else {"start": item}, place, {})
            for place, item in _items(given, f"by_date[{day.isoformat()!r}]")
        ]
    return _success(data)


def error(
    status: int, message: str, *, code: str | None = None, headers: HeadersInput = ()
) -> Response:
    """Return an error response in the API's envelope.

    *code* is by default the one that the API sends with this status.
    """
    usual, phrase = _EXCEPTIONS.get(status, ("INTERNAL_SERVER_ERROR", None))
    said: dict[str, Any] = {"code": usual if code is None else code, "message": message}
    if status in _EXCEPTIONS and said["code"] == usual:
        details = {"message": message, "error": phrase, "statusCode": status}
        said["details"] = details if phrase else message
    envelope = {"status": "error", "timestamp": _CREATED, "path": "/v2/bookings", "error": said}
    return json(envelope, status, headers)


def json(body: Any, status: int = 200, headers: HeadersInput = ()) -> Response:
    """Return a response with a JSON body, which is the whole body with its envelope.

    Raises `InvalidInput` for a body that JSON cannot hold.
    """
    try:
        content = dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput("body", f"cannot be written as JSON ({error})") from error
    return Response(
        status, Headers([("Content-Type", "application/json"), *Headers(headers)]), content
    )


def _success(data: object) -> Response:
    return json({"status": "success", "data": data})


def _by_offset(count: int, total: int | None, take: int | None, skip: int) -> dict[str, Any]:
    """Return the pagination that the server computes for a page by take and skip."""
    skip = non_negative_int(skip, "skip")
    total = skip + count if total is None else non_negative_int(total, "total_items")
    size = (count or 100) if take is None else positive_int(take, "take")
    before = min(skip, total)
    returned = min(total - before, size)
    if count > returned:
        raise InvalidInput(
            "bookings", f"has {count} items; total_items, take and skip allow {returned}"
        )
    pages = -(-total // size)
    return {
        "returnedItems": returned,
        "totalItems": total,
        "itemsPerPage": size,
        "remainingItems": max(total - before - size, 0),
        "currentPage": min(before // size + 1, pages),
        "totalPages": pages,
        "hasNextPage": before + size < total,
        "hasPreviousPage": before > 0,
    }


def _bookings(given: object, defaults: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        _booking({**defaults, **_mapping(item, place)}, place, number)
        for number, (place, item) in enumerate(_items(given, "bookings"), 1)
    ]


def _booking(given: Mapping[str, Any], place: str, number: int) -> dict[str, Any]:
    """Return the JSON of a booking; *number* is its place in a list, from 1."""
    fields, prefix = dict(given), f"{place}." if place else ""
    attendees, seated = _attendees(fields, prefix, number)
    recurring = fields.get("recurring_booking_uid") is not None
    if seated and fields.get("booking_fields_responses") is not None:
        raise InvalidInput(
            f"{prefix}booking_fields_responses", "belongs to the attendees of a seated booking"
        )
    hosts = _items(fields.get("hosts", [{}]), f"{prefix}hosts")
    event_type = fields.get("event_type", {})
    if event_type is not None:
        usual = {"id": fields.get("event_type_id", 1), "slug": "consultation"}
        event_type = _object(EventTypeRef, event_type, f"{prefix}event_type", usual)
    start, end, minutes = _times(fields, prefix, _START + timedelta(weeks=number - 1))
    fields |= {
        "attendees": attendees,
        "hosts": [_object(Host, host, at, _HOST) for at, host in hosts],
        "event_type": event_type,
        "start": start,
        "end": end,
    }
    fields.pop("seats", None)
    uid = fields.get("uid", f"booking{number}")
    location = fields.get("location", fields.get("meeting_url", _LOCATION))
    said = ("email", "name", "displayEmail") if attendees else ()
    defaults = {
        "id": number,
        "uid": uid,
        "title": "Consultation",
        "description": "",
        "status": "accepted",
        "cancellationReason": "",
        "cancelledByEmail": "",
        "rescheduledByEmail": None,
        "duration": minutes,
        "eventTypeId": event_type and event_type["id"],
        "meetingUrl": location,
        "location": location,
        "absentHost": False,
        "createdAt": _CREATED,
        "updatedAt": _CREATED,
        "metadata": {},
        "rating": None,
        "icsUid": f"{uid}@Cal.com",
        "bookingFieldsResponses": {key: attendees[0][key] for key in said},
    }
    for key in (*(_NOT_SEATED if seated else ()), *(_NOT_RECURRING if recurring else ())):
        del defaults[key]
    return _object(Booking, fields, place, defaults)


def _attendees(
    fields: Mapping[str, Any], prefix: str, number: int
) -> tuple[list[dict[str, Any]], bool]:
    """Return the JSON of the attendees of a booking, and whether they hold seats."""
    seats, seat_uid = fields.get("seats"), fields.get("seat_uid")
    if seats is None:
        usual = [{} if seat_uid is None else {"seat_uid": seat_uid}]
        given = _items(fields.get("attendees", usual), f"{prefix}attendees")
    elif "attendees" in fields:
        raise InvalidInput(f"{prefix}seats", "excludes attendees; give each of them a seat_uid")
    else:
        given = [(at, {"seat_uid": uid}) for at, uid in _items(seats, f"{prefix}seats")]
    own = [_mapping(person, at).get("seat_uid") for at, person in given]
    seated = any(uid is not None for uid in (seats, seat_uid, *own))
    return [
        _attendee(
            person, at, index, f"{number:08d}-0000-4000-8000-{index:012d}" if seated else None
        )
        for index, (at, person) in enumerate(given, 1)
    ], seated


def _attendee(
    given: Mapping[str, Any], place: str, number: int, seat_uid: str | None
) -> dict[str, Any]:
    """Return the JSON of an attendee, who holds a seat if there is a default *seat_uid*."""
    defaults: dict[str, Any] = {
        "name": f"Attendee {number}",
        "email": f"attendee{number}@example.com",
        "timeZone": "Europe/Rome",
        "language": "en",
        "absent": False,
    }
    if seat_uid is not None:
        responses = {"name": given.get("name", defaults["name"]), "guests": []}
        defaults |= {"seatUid": seat_uid, "bookingFieldsResponses": responses, "metadata": {}}
    return _object(Attendee, given, place, defaults)


def _times(
    fields: Mapping[str, Any], prefix: str, usual: datetime
) -> tuple[datetime, datetime, float]:
    """Return start, end and the minutes between them; what is not given follows the rest."""
    start, end = (
        utc_datetime(fields[name], f"{prefix}{name}") if name in fields else None
        for name in ("start", "end")
    )
    minutes = fields.get("duration")
    try:
        length = timedelta(minutes=30 if minutes is None else minutes)
        if start is None:
            start = usual if end is None else end - length
        if end is None:
            end = start + length
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInput(
            f"{prefix}duration", "must be a number of minutes that fits the calendar"
        ) from error
    between = (end - start) / timedelta(minutes=1)
    return start, end, int(between) if between.is_integer() else between


def _object(
    model: type[Any], given: object, place: str, defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the JSON of a model with these fields given; it is checked by reading it."""
    names = tuple(field.name for field in attrs.fields(model))
    prefix = f"{place}." if place else ""
    data = dict(defaults)
    for name, value in _mapping(given, place).items():
        if name not in names:
            shown = name if isinstance(name, str) else found_type(name)
            problem = f"is not a field of {model.__name__}{did_you_mean(name, names)}"
            raise InvalidInput(f"{prefix}{shown}", problem)
        if name == "extra":
            data |= json_object(value, f"{prefix}extra")
        else:
            data[camel_case(name)] = _plain(value, f"{prefix}{name}")
    try:
        value = read(model, data)
    except UnexpectedValue as error:
        key, *rest = error.path
        name = next((name for name in names if camel_case(name) == key), key)
        inner = "".join(f"[{step}]" for step in rest)
        problem = f"must be {error.expected}, not {error.found}"
        raise InvalidInput(f"{prefix}{name}{inner}", problem) from error
    if "display_email" in names:
        data.setdefault("displayEmail", value.display_email)
    return data


def _plain(value: object, place: str) -> Any:
    """Return a value of a field as JSON."""
    if not isinstance(value, datetime):
        return json_object({"value": value}, place)["value"]
    exact = utc_datetime(value, place)
    precision = "microseconds" if exact.microsecond % 1000 else "milliseconds"
    return exact.isoformat(timespec=precision).replace("+00:00", "Z")


def _mapping(value: object, place: str) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise InvalidInput(place, f"must be a mapping, not {found_type(value)}")
    return value


def _items(value: object, place: str) -> list[tuple[str, Any]]:
    """Return the items of a list, each with its place."""
    return list(list_of(lambda item, inner: (inner, item))(value, place))
