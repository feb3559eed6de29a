"""The form of an input, checked as the server checks it, with the server's own words.

Create, reschedule, cancel and the list of slots flatten all errors into one message. The other
inputs list them, each with what was wrong. A form whose refusal was not recorded is `NotRecorded`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeGuard

from calcom_transports.fake.availability import zone
from calcom_transports.fake.refusals import NotRecorded, RefusedByForm, refuse
from calcom_transports.fake.state import utc

Check = Callable[[Any], str | None]
"""Returns the text of the server for a wrong value, "" if none was recorded, and else None."""
Problems = dict[str, str]
"""The text of the server for each wrong property of an input."""


def is_email(value: object) -> bool:
    """Tell whether a value looks like an address."""
    return isinstance(value, str) and _EMAIL.fullmatch(value) is not None


_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


def _read_by(read: Callable[[str], object]) -> Callable[[object], bool]:
    def is_valid(value: object) -> bool:
        try:
            return isinstance(value, str) and read(value) is not None
        except (LookupError, ValueError, OSError):
            return False

    return is_valid


is_time_zone = _read_by(zone)
"""Tells whether a value is an IANA name that this computer knows."""
is_iso = _read_by(utc)
"""Tells whether a value is a date or a time of ISO 8601."""


def is_integer(value: object) -> TypeGuard[int]:
    """Tell whether a value is an integer, and no boolean."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_attendee(value: Mapping[str, Any]) -> bool:
    """Tell whether an object has the properties that an attendee needs."""
    has_name = isinstance(value.get("name"), str)
    return has_name and is_email(value.get("email")) and is_time_zone(value.get("timeZone"))


def _must(is_valid: Callable[[Any], bool], text: str = "") -> Check:
    return lambda value: None if is_valid(value) else text


def _of(*types: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, types)


def _is_count(value: object) -> bool:
    return is_integer(value) and value > 0


def _is_metadata(value: object) -> bool:
    return isinstance(value, dict) and (
        len(value) <= 50
        and all(len(key) <= 40 and item is not None for key, item in value.items())
        and all(len(item) <= 500 for item in value.values() if isinstance(item, str))
    )


_LANGUAGES = (
    "ar, ca, de, es, eu, he, id, ja, lv, pl, ro, sr, th, vi, az, cs, el, es-419, fi, hr, it, km, "
    "nl, pt, ru, sv, tr, zh-CN, bg, da, en, et, fr, hu, iw, ko, no, pt-BR, sk, ta, uk, zh-TW, bn"
)
_TEXT = _must(_of(str))
_START = _must(is_iso, "start must be a valid ISO 8601 date string")
_CREATE: Mapping[str, Check] = {
    "start": _START,
    "attendee": lambda value: _attendee_problem(value),
    "eventTypeId": _must(is_integer, "eventTypeId must be an integer number"),
    "eventTypeSlug": _TEXT,
    "username": _TEXT,
    "teamSlug": _TEXT,
    "guests": _must(_of(list), "guests must be an array"),
    "bookingFieldsResponses": _must(_of(dict)),
    "location": _must(_of(str, dict)),
    "meetingUrl": _TEXT,
    "metadata": _must(
        _is_metadata,
        "Metadata must have at most 50 keys, each key up to 40 characters, and string values up to "
        "500 characters.",
    ),
    "lengthInMinutes": _must(_is_count),
    "recurrenceCount": _must(_is_count),
    "emailVerificationCode": _TEXT,
}
_ATTENDEE: Mapping[str, Check] = {
    "name": _must(_of(str), "name must be a string"),
    "timeZone": _must(is_time_zone, "timeZone must be a valid IANA time-zone"),
    "email": _TEXT,
    "phoneNumber": _TEXT,
    "language": _must(
        lambda value: value in _LANGUAGES.split(", "),
        f"language must be one of the following values: {_LANGUAGES}",
    ),
}
_RESCHEDULE_SEAT: Mapping[str, Check] = {
    "start": _START,
    "rescheduledBy": _TEXT,
    "seatUid": _TEXT,
    "emailVerificationCode": _TEXT,
}
_RESCHEDULE: Mapping[str, Check] = {**_RESCHEDULE_SEAT, "reschedulingReason": _TEXT}
_CANCEL_SEAT: Mapping[str, Check] = {"cancellationReason": _TEXT, "seatUid": _TEXT}
_CANCEL: Mapping[str, Check] = {**_CANCEL_SEAT, "cancelSubsequentBookings": _must(_of(bool))}
_BEYOND_RECORDINGS = frozenset(
    {"organizationSlug", "routing", "instant", "rrHostSubsetIds", "allowConflicts"}
    | {"allowBookingOutOfBounds", "skipBookingLimits", "rescheduleWithSameHost"}
)
"""Inputs of a server that are known, and that no recording here shows."""
_NO_EVENT_TYPE: Problems = {
    "eventTypeId or eventTypeSlug + username": "Either eventTypeId or eventTypeSlug + username or "
    "eventTypeSlug + teamSlug must be provided"
}
_NO_CONTACT: Problems = {
    "attendee email or phone": "Attendee must have at least one contact method (email or phone "
    "number)"
}
_NO_SLOTS: Problems = {
    "usernames": "each value in usernames must be a string, The array must contain at least 2 "
    "elements., usernames must be an array",
    "organizationSlug": "organizationSlug must be a string",
}


def check_create(body: Mapping[str, Any]) -> None:
    """Check the body of a create."""
    found = _problems(body, _CREATE, required=("start", "attendee"))
    by_slug = "eventTypeSlug" in body and ("username" in body or "teamSlug" in body)
    _refuse_flat(found if "eventTypeId" in body or by_slug else found | _NO_EVENT_TYPE)


def _attendee_problem(attendee: Any) -> str | None:
    if attendee is None:
        return "attendee should not be null or undefined"
    if not isinstance(attendee, dict):
        raise NotRecorded("a create whose attendee is no object")
    found = _problems(attendee, _ATTENDEE, required=("name", "timeZone"))
    if not found and not (attendee.get("email") or attendee.get("phoneNumber")):
        found = _NO_CONTACT
    return f" {_flat(found)}".rstrip(" ") if found else None


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
        _refuse_flat(_NO_SLOTS)
    if "timeZone" in query and not is_time_zone(query["timeZone"][0]):
        _refuse_flat({"timeZone": "timeZone must be a valid IANA time-zone"})


def _problems(
    body: Mapping[str, Any], fields: Mapping[str, Check], required: Iterable[str]
) -> Problems:
    if known := body.keys() & _BEYOND_RECORDINGS:
        raise NotRecorded(f"a request with {min(known)}")
    found = {key: f"property {key} should not exist" for key in body if key not in fields}
    for key, check in fields.items():
        if key in body or key in required:
            if (text := check(body.get(key))) == "":
                raise NotRecorded(f"a request with an invalid {key}")
            if text is not None:
                found[key] = text
    return found


def _flat(problems: Problems) -> str:
    return ", ".join(f"{key} property is wrong,{text} " for key, text in problems.items())


def _refuse_flat(problems: Problems) -> None:
    if problems:
        refuse("invalid", errors=_flat(problems))


def problem_of(target: Mapping[str, Any], key: str, rule: str, text: str) -> dict[str, Any]:
    """Return one error of the list that the other inputs get."""
    return {
        "target": dict(target),
        "value": target.get(key),
        "property": key,
        "children": [],
        "constraints": {rule: text},
    }


def check_mark_absent(body: Mapping[str, Any]) -> None:
    """Check the body of marking a booking as absent."""
    known = {key: value for key, value in body.items() if key in {"host", "attendees"}}
    people, errors = known.get("attendees"), []
    if not isinstance(known.get("host", False), bool):
        errors.append(problem_of(known, "host", "isBoolean", "host must be a boolean value"))
    if people == []:
        text = "attendees must contain at least 1 elements"
        errors.append(problem_of(known, "attendees", "arrayMinSize", text))
    elif people is not None and not (_of(list)(people) and all(map(_is_mark, people))):
        raise NotRecorded("mark_absent with attendees of another form")
    if errors:
        raise RefusedByForm(*errors)


def _is_mark(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    return is_email(value.get("email")) and isinstance(value.get("absent"), bool)


def check_guests(body: Mapping[str, Any]) -> None:
    """Check the body of adding guests."""
    guests = body.get("guests")
    if not isinstance(guests, list) or not all(isinstance(guest, dict) for guest in guests):
        raise NotRecorded("guests.add without a list of guests")
    if len(guests) > 10:
        raise NotRecorded("guests.add with more than 10 guests")
    error = problem_of({"guests": guests}, "guests", "arrayMinSize", "")
    if not guests:
        error["constraints"] = {"arrayMinSize": "guests must contain at least 1 elements"}
        raise RefusedByForm(error)
    del error["constraints"]
    error["children"] = [
        {
            "target": guests,
            "value": guest,
            "property": str(number),
            "children": [problem_of(guest, "email", "isEmail", "email must be an email")],
        }
        for number, guest in enumerate(guests)
        if not is_email(guest.get("email"))
    ]
    if error["children"]:
        raise RefusedByForm(error)
