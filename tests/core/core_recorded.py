"""The recorded exchanges with a real server: the response of each, and its operation."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from core_calls import RECORDED_CALLS

from calcom_core import Operation, Response, bookings, slots

FOLDER = Path(__file__).parent.parent / "recorded"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
RECORDED: dict[str, dict[str, Any]] = {
    name: json.loads((FOLDER / f"{name}.json").read_text("utf-8")) for name in NAMES
}

START = "2027-04-05T09:00:00Z"
PERSON = {"name": "Ann Attendee", "email": "ann@example.net", "time_zone": "Europe/Rome"}
A_BOOKING = {"start": START, "event_type_id": 1, "attendee": PERSON}
ON_A_BOOKING: dict[str, Callable[[str], Operation[Any]]] = {
    "cancel": bookings.cancel,
    "confirm": bookings.confirm,
    "decline": bookings.decline,
    "explode": bookings.confirm,  # the API has no such path
    "guests": lambda uid: bookings.guests.add(uid, [PERSON]),
    "mark-absent": bookings.mark_absent,
    "reschedule": lambda uid: bookings.reschedule(uid, {"start": START}),
}


def response_of(name: str) -> Response:
    """Return the recorded response; a JSON body is compact, any other is unchanged."""
    recorded = RECORDED[name]["response"]
    body = recorded["body"]
    text = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))
    return Response(recorded["status"], recorded["headers"], text.encode())


def response_with_data(name: str, data: object) -> Response:
    """Return a recorded success with other data."""
    envelope = {**RECORDED[name]["response"]["body"], "data": data}
    return Response(200, (), json.dumps(envelope).encode())


def operation_of(name: str) -> Operation[Any]:
    """Return the recorded call; for a request that no call sends, one of the same operation."""
    if name in RECORDED_CALLS:
        return RECORDED_CALLS[name]()
    request = RECORDED[name]["request"]
    path = request["path"].partition("?")[0].rstrip("/").removeprefix("/api")
    match request["method"], path.split("/")[2:]:
        case "GET", ["slots", *_]:
            return slots.list(event_type_id=1, start="2027-04-05", end="2027-04-06")
        case "GET", ["bookings"]:
            return bookings.list()
        case "POST", ["bookings"]:
            return bookings.create(A_BOOKING)
        case "GET", ["bookings", uid]:
            return bookings.get(_uid(uid))
        case "DELETE", ["bookings", uid]:  # the API has no such method
            return bookings.cancel(uid)
        case "POST", ["bookings", uid, "reassign", _]:
            return bookings.reassign_to_user(uid, 1)
        case "POST", ["bookings", uid, verb]:
            return ON_A_BOOKING[verb](uid)
    raise AssertionError(name)


def _uid(segment: str) -> str:
    uid = unquote(segment)
    return uid if uid.isprintable() else "unprintable"
