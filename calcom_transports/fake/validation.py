"""The form of an input, checked as the server checks it, with the server's own words.

Create, reschedule, cancel and the list of slots flatten all errors into one message. The other
inputs list them, each with what was wrong. A form whose refusal was not recorded is `NotRecorded`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfoNotFoundError

from calcom_transports.fake.availability import zone
from calcom_transports.fake.refusals import NotRecorded, RefusedByForm, refuse
from calcom_transports.fake.state import utc

Problems = list[tuple[str, str]]
"""The wrong properties of an input, each with the text of the server."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_LANGUAGES = (
    "ar, ca, de, es, eu, he, id, ja, lv, pl, ro, sr, th, vi, az, cs, el, es-419, fi, hr, it, km, "
    "nl, pt, ru, sv, tr, zh-CN, bg, da, en, et, fr, hu, iw, ko, no, pt-BR, sk, ta, uk, zh-TW, bn"
)
_METADATA = (
    "Metadata must have at most 50 keys, each key up to 40 characters, and string values up to "
    "500 characters."
)
_NO_EVENT_TYPE = (
    "eventTypeId or eventTypeSlug + username",
    "Either eventTypeId or eventTypeSlug + username or eventTypeSlug + teamSlug must be provided",
)
_NO_CONTACT = (
    "attendee email or phone",
    "Attendee must have at least one contact method (email or phone number)",
)
_NO_SLOTS = (
    (
        "usernames",
        "each value in usernames must be a string, The array must contain at least 2 elements., "
        "usernames must be an array",
    ),
    ("organizationSlug", "organizationSlug must be a string"),
)

Check = tuple[Callable[[Any], bool], str | None]
"""The type of a property, and the text of the server for another type; None if not recorded."""


def is_email(value: object) -> bool:
    """Tell whether a value looks like an address."""
    return isinstance(value, str) and _EMAIL.fullmatch(value) is not None


def is_time_zone(value: object) -> bool:
    """Tell whether a value is an IANA name that this computer knows."""
    try:
        return isinstance(value, str) and zone(value) is not None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def is_iso(value: object) -> bool:
    """Tell whether a value is a date or a time of ISO 8601."""
    try:
        return isinstance(value, str) and utc(value) is not None
    except ValueError:
        return False


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def is_integer(value: object) -> bool:
    """Tell whether a value is an integer, and no boolean."""
    return isinstance(value, int) and not isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_metadata(value: object) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= 50
        and all(len(key) <= 40 for key in value)
        and all(item is not None for item in value.values())
        and all(len(item) <= 500 for item in value.values() if isinstance(item, str))
    )


_START: Check = (is_iso, "start must be a valid ISO 8601 date string")
_CREATE: Mapping[str, Check] = {
    "start": _START,
    "attendee": (lambda value: True, None),  # checked by itself
    "eventTypeId": (is_integer, "eventTypeId must be an integer number"),
    "eventTypeSlug": (_is_text, None),
    "username": (_is_text, None),
    "teamSlug": (_is_text, None),
    "guests": (lambda value: isinstance(value, list), "guests must be an array"),
    "bookingFieldsResponses": (_is_object, None),
    "location": (lambda value: isinstance(value, str | dict), None),
    "meetingUrl": (_is_text, None),
    "metadata": (_is_metadata, _METADATA),
    "lengthInMinutes": (_is_count, None),
    "recurrenceCount": (_is_count, None),
    "emailVerificationCode": (_is_text, None),
}
_ATTENDEE: Mapping[str, Check] = {
    "name": (_is_text, "name must be a string"),
    "timeZone": (is_time_zone, "timeZone must be a valid IANA time-zone"),
    "email": (_is_text, None),
    "phoneNumber": (_is_text, None),
    "language": (
        lambda value: value in _LANGUAGES.split(", "),
        f"language must be one of the following values: {_LANGUAGES}",
    ),
}
_RESCHEDULE: Mapping[str, Check] = {
    "start": _START,
    "rescheduledBy": (_is_text, None),
    "reschedulingReason": (_is_text, None),
    "emailVerificationCode": (_is_text, None),
}
_RESCHEDULE_SEAT: Mapping[str, Check] = {
    **{key: check for key, check in _RESCHEDULE.items() if key != "reschedulingReason"},
    "seatUid": (_is_text, None),
}
_CANCEL: Mapping[str, Check] = {
    "cancellationReason": (_is_text, None),
    "cancelSubsequentBookings": (_is_flag, None),
}
_CANCEL_SEAT: Mapping[str, Check] = {
    "cancellationReason": (_is_text, None),
    "seatUid": (_is_text, None),
}
_BEYOND_RECORDINGS = frozenset(
    {"organizationSlug", "routing", "instant", "rrHostSubsetIds", "allowConflicts"}
    | {"allowBookingOutOfBounds", "skipBookingLimits", "rescheduleWithSameHost"}
)
"""Inputs of a server that are known, and that no recording here shows."""


def check_create(body: Mapping[str, Any]) -> None:
    """Check the body of a create."""
    problems = _problems(body, _CREATE, required=("start",))
    attendee = body.get("attendee")
    found = dict(problems)
    if attendee is None:
        found["attendee"] = "attendee should not be null or undefined"
    elif not isinstance(attendee, dict):
        raise NotRecorded("a create whose attendee is no object")
    elif inner := _problems(attendee, _ATTENDEE, required=("name", "timeZone")) or (
        [] if attendee.get("email") or attendee.get("phoneNumber") else [_NO_CONTACT]
    ):
        found["attendee"] = f" {_flat(inner)}".rstrip(" ")
    if "eventTypeId" not in body and not (
        "eventTypeSlug" in body and ("username" in body or "teamSlug" in body)
    ):
        found[_NO_EVENT_TYPE[0]] = _NO_EVENT_TYPE[1]
    order = [key for key in found if key not in _CREATE and key != _NO_EVENT_TYPE[0]]
    order += [key for key in (*_CREATE, _NO_EVENT_TYPE[0]) if key in found]
    _refuse_flat([(key, found[key]) for key in order])


def check_reschedule(body: Mapping[str, Any]) -> None:
    """Check the body of a reschedule."""
    fields = _RESCHEDULE_SEAT if "seatUid" in body else _RESCHEDULE
    _refuse_flat(_problems(body, fields, required=("start",)))


def check_cancel(body: Mapping[str, Any]) -> None:
    """Check the body of a cancel."""
    _refuse_flat(_problems(body, _CANCEL_SEAT if "seatUid" in body else _CANCEL, required=()))


def check_slots(query: Mapping[str, list[str]]) -> None:
    """Check the query of the list of slots."""
    if not {"eventTypeId", "eventTypeSlug", "usernames"} & query.keys():
        _refuse_flat(list(_NO_SLOTS))
    if "timeZone" in query and not is_time_zone(query["timeZone"][0]):
        _refuse_flat([("timeZone", "timeZone must be a valid IANA time-zone")])


def _problems(
    body: Mapping[str, Any], fields: Mapping[str, Check], required: Iterable[str]
) -> Problems:
    found: Problems = []
    for key in body:
        if key in _BEYOND_RECORDINGS:
            raise NotRecorded(f"a request with {key}")
        if key not in fields:
            found.append((key, f"property {key} should not exist"))
    for key, (is_valid, text) in fields.items():
        if key in body or key in required:
            if is_valid(body.get(key)):
                continue
            if text is None:
                raise NotRecorded(f"a request with an invalid {key}")
            found.append((key, text))
    return found


def _flat(problems: Problems) -> str:
    return ", ".join(f"{key} property is wrong,{text} " for key, text in problems)


def _refuse_flat(problems: Problems) -> None:
    if problems:
        refuse("invalid", errors=_flat(problems))


def problem_of(
    target: Mapping[str, Any], key: str, rule: str, text: str, value: Any = ...
) -> dict[str, Any]:
    """Return one error of the list that the other inputs get."""
    given = target.get(key) if value is ... else value
    return {
        "target": dict(target),
        "value": given,
        "property": key,
        "children": [],
        "constraints": {rule: text},
    }


def check_mark_absent(body: Mapping[str, Any]) -> None:
    """Check the body of marking a booking as absent."""
    known = {key: value for key, value in body.items() if key in {"host", "attendees"}}
    errors = []
    if "host" in known and not _is_flag(known["host"]):
        errors.append(problem_of(known, "host", "isBoolean", "host must be a boolean value"))
    people = known.get("attendees")
    if people == []:
        text = "attendees must contain at least 1 elements"
        errors.append(problem_of(known, "attendees", "arrayMinSize", text))
    elif people is not None and not _are_marks(people):
        raise NotRecorded("mark_absent with attendees of another form")
    if errors:
        raise RefusedByForm(errors)


def _are_marks(people: object) -> bool:
    return isinstance(people, list) and all(
        isinstance(person, dict)
        and is_email(person.get("email"))
        and _is_flag(person.get("absent"))
        for person in people
    )


_LEGACY_CREATE = (
    ("timeZone", "isTimeZone", "timeZone must be a valid IANA time-zone"),
    ("language", "isString", "language must be a string"),
    ("metadata", "isObject", "metadata must be an object"),
)
_LEGACY_TARGET = frozenset({"start", "eventTypeId", *(key for key, _, _ in _LEGACY_CREATE)})


def check_legacy_create(body: Mapping[str, Any]) -> None:
    """Check the body of a create as the legacy API does, for a body of the current API."""
    target = {key: value for key, value in body.items() if key in _LEGACY_TARGET}
    errors = []
    for key, rule, text in _LEGACY_CREATE:
        if key not in target:
            error = problem_of(target, key, rule, text)
            del error["value"]  # JSON has no undefined
            errors.append(error)
    if errors:
        raise RefusedByForm(errors)


def check_guests(body: Mapping[str, Any]) -> None:
    """Check the body of adding guests."""
    guests = body.get("guests")
    if not isinstance(guests, list) or not all(isinstance(guest, dict) for guest in guests):
        raise NotRecorded("guests.add without a list of guests")
    if len(guests) > 10:
        raise NotRecorded("guests.add with more than 10 guests")
    target = {"guests": guests}
    if not guests:
        text = "guests must contain at least 1 elements"
        raise RefusedByForm([problem_of(target, "guests", "arrayMinSize", text)])
    wrong = [
        {
            "target": guests,
            "value": guest,
            "property": str(number),
            "children": [problem_of(guest, "email", "isEmail", "email must be an email")],
        }
        for number, guest in enumerate(guests)
        if not is_email(guest.get("email"))
    ]
    if wrong:
        error = {"target": target, "value": guests, "property": "guests", "children": wrong}
        raise RefusedByForm([error])
