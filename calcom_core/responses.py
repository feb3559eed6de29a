"""Build responses as the API sends them, for tests.

Each function returns a complete response with fixed values, all of them invented.
Keywords replace them; their names are the fields of `Booking`, `Attendee`, `Host`, `EventTypeRef`
and `Slot`.
An unknown keyword, or a value of another type, raises `InvalidInput`.

As on the server, some values follow others:

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
A booking with `seats`, `seat_uid`, or a `seat_uid` in one of its attendees is seated.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from json import dumps
from types import EllipsisType
from typing import Any, Unpack

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
from calcom_core.response_fields import (
    BookingFields,
    SlotFields,
)
from calcom_core.serialization import UnexpectedValue, camel_case, read

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
# Keys that the server omits in a seated and in a recurring booking.
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

    Args:
        bookings: the fields of each occurrence; an empty mapping keeps the fixed values.

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

    Args:
        bookings: the fields of each booking; an empty mapping keeps the fixed values.
        total_items: the number of bookings on all pages; by default this page is the last.
        take: the largest number of bookings on a page; by default the number on this one.
        skip: the number of bookings on the pages before this one.
        next_cursor: the cursor of the next page; None on the last page.

    Raises `InvalidInput` as `booking` does, and for numbers that contradict each other.
    """
    data = _bookings(bookings, {})
    if isinstance(next_cursor, EllipsisType):
        pagination = _offset_pagination(len(data), total_items, take, skip)
    elif (total_items, take, skip) == (None, None, 0):
        cursor = None if next_cursor is None else non_empty_string(next_cursor, "next_cursor")
        pagination = {"nextCursor": cursor, "hasMore": cursor is not None}
    else:
        raise InvalidInput("next_cursor", "cannot be combined with total_items, take and skip")
    return json({"status": "success", "data": data, "pagination": pagination})


def slots(by_date: Mapping[str | date, Iterable[Moment | SlotFields]]) -> Response:
    """Return a response with free slots.

    Args:
        by_date: the slots of each date; a slot is its start, or a mapping of its fields.

    Raises `InvalidInput` for a key that is not a date, and as `booking` does.
    """
    data = {}
    for key, given in _mapping(by_date, "by_date").items():
        day = date_or_datetime(key, "a key of by_date")
        if isinstance(day, datetime):
            raise InvalidInput("a key of by_date", "is a time; pass a date such as 2027-04-05")
        data[day.isoformat()] = [
            _object(Slot, item if isinstance(item, Mapping) else {"start": item}, place, {})
            for place, item in _items(given, f"by_date[{day.isoformat()!r}]")
        ]
    return _success(data)


def error(
    status: int, message: str, *, code: str | None = None, headers: HeadersInput = ()
) -> Response:
    """Return an error response in the API's envelope.

    *code* defaults to the code that the API sends with this status.
    """
    default, phrase = _EXCEPTIONS.get(status, ("INTERNAL_SERVER_ERROR", None))
    body: dict[str, Any] = {"code": default if code is None else code, "message": message}
    if status in _EXCEPTIONS and body["code"] == default:
        details = {"message": message, "error": phrase, "statusCode": status}
        body["details"] = details if phrase else message
    envelope = {"status": "error", "timestamp": _CREATED, "path": "/v2/bookings", "error": body}
    return json(envelope, status, headers)


def json(body: Any, status: int = 200, headers: HeadersInput = ()) -> Response:
    """Return a response with this JSON as its whole body, envelope included.

    Raises `InvalidInput` for a body that JSON cannot represent.
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


def _offset_pagination(
    count: int, total: int | None, take: int | None, skip: int
) -> dict[str, Any]:
    """Compute the pagination of a page by take and skip as the server does."""
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
    """Return the JSON of a booking; *number* is its position in a list, from 1."""
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
        default = {"id": fields.get("event_type_id", 1), "slug": "consultation"}
        event_type = _object(EventTypeRef, event_type, f"{prefix}event_type", default)
    fields |= {
        "attendees": attendees,
        "hosts": [_object(Host, host, at, _HOST) for at, host in hosts],
        "event_type": event_type,
    }
    fields |= _times(fields, prefix, _START + timedelta(weeks=number - 1))
    fields.pop("seats", None)
    uid = fields.get("uid", f"booking{number}")
    response_keys = ("email", "name", "displayEmail") if attendees else ()
    defaults = {
        "id": number,
        "uid": uid,
        "title": "Consultation",
        "description": "",
        "status": "accepted",
        "cancellationReason": "",
        "cancelledByEmail": "",
        "rescheduledByEmail": None,
        "meetingUrl": fields.get("location", _LOCATION),
        "absentHost": False,
        "createdAt": _CREATED,
        "updatedAt": _CREATED,
        "metadata": {},
        "rating": None,
        "icsUid": f"{uid}@Cal.com",
        "bookingFieldsResponses": {key: attendees[0][key] for key in response_keys},
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
        default = [{} if seat_uid is None else {"seat_uid": seat_uid}]
        given = _items(fields.get("attendees", default), f"{prefix}attendees")
    elif "attendees" in fields:
        raise InvalidInput(
            f"{prefix}seats",
            "cannot be combined with attendees; give each attendee a seat_uid instead",
        )
    else:
        given = [(at, {"seat_uid": uid}) for at, uid in _items(seats, f"{prefix}seats")]
    own = [_mapping(person, at).get("seat_uid") for at, person in given]
    seated = any(uid is not None for uid in (seats, seat_uid, *own))
    people = []
    for index, (at, person) in enumerate(given, 1):
        defaults: dict[str, Any] = {
            "name": f"Attendee {index}",
            "email": f"attendee{index}@example.com",
            "timeZone": "Europe/Rome",
            "language": "en",
            "absent": False,
        }
        if seated:
            responses = {"name": person.get("name", defaults["name"]), "guests": []}
            defaults |= {"bookingFieldsResponses": responses, "metadata": {}}
            defaults["seatUid"] = f"{number:08d}-0000-4000-8000-{index:012d}"
        people.append(_object(Attendee, person, at, defaults))
    return people, seated


def _times(fields: Mapping[str, Any], prefix: str, default: datetime) -> dict[str, Any]:
    """Return start, end and the minutes between them; compute those that are missing."""
    start, end = (
        utc_datetime(fields[name], f"{prefix}{name}") if name in fields else None
        for name in ("start", "end")
    )
    minutes = fields.get("duration")
    try:
        length = timedelta(minutes=30 if minutes is None else minutes)
        if start is None:
            start = default if end is None else end - length
        if end is None:
            end = start + length
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInput(
            f"{prefix}duration", "must be a number of minutes that fits the calendar"
        ) from error
    between = (end - start) / timedelta(minutes=1)
    between = int(between) if between.is_integer() else between
    return {"start": start, "end": end, "duration": fields.get("duration", between)}


def _object(
    model: type[Any], given: object, place: str, defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the JSON of a model with the given fields; check it by decoding it.

    A field whose default follows others gets the value that decoding computes.
    """
    names = attrs.fields_dict(model)
    keys = {camel_case(name): name for name in names}
    prefix = f"{place}." if place else ""
    data = dict(defaults)
    for name, value in _mapping(given, place).items():
        if name not in names:
            shown = name if isinstance(name, str) else found_type(name)
            problem = f"is not a field of {model.__name__}{did_you_mean(name, tuple(names))}"
            raise InvalidInput(f"{prefix}{shown}", problem)
        if name == "extra":
            data |= json_object(value, f"{prefix}extra")
        else:
            data[camel_case(name)] = _to_json_value(value, f"{prefix}{name}")
    try:
        value = read(model, data)
    except UnexpectedValue as error:
        key, *rest = error.path
        inner = "".join(f"[{step}]" for step in rest)
        problem = f"must be {error.expected}, not {error.found}"
        raise InvalidInput(f"{prefix}{keys.get(str(key), key)}{inner}", problem) from error
    for key, name in keys.items():
        if getattr(names[name].default, "takes_self", False):
            data.setdefault(key, getattr(value, name))
    return data


def _to_json_value(value: object, place: str) -> Any:
    """Convert the value of a field to JSON."""
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
    """Return the items of a list, each with the name of its position for error messages."""
    return list(list_of(lambda item, inner: (inner, item))(value, place))
