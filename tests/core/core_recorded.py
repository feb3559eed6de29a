"""The recorded exchanges of a real server, and the operation that each is an answer to."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from calcom_core import Operation, Response, bookings

FOLDER = Path(__file__).parent.parent / "recorded"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
RECORDED: dict[str, dict[str, Any]] = {
    name: json.loads((FOLDER / f"{name}.json").read_text("utf-8")) for name in NAMES
}

A_BOOKING = {
    "start": "2027-04-05T09:00:00Z",
    "event_type_id": 1,
    "attendee": {"name": "Ann Attendee", "email": "ann@example.net", "time_zone": "Europe/Rome"},
}


def response_of(name: str) -> Response:
    """Return the recorded answer; a JSON body is written compactly, any other is as it came."""
    answer = RECORDED[name]["response"]
    body = answer["body"]
    text = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))
    return Response(answer["status"], answer["headers"], text.encode())


def answered_with(name: str, data: object) -> Response:
    """Return a recorded success whose data is replaced."""
    envelope = {**RECORDED[name]["response"]["body"], "data": data}
    return Response(200, (), json.dumps(envelope).encode())


def operation_of(name: str) -> Operation[Any]:
    """Return an operation of the kind that was recorded; what it sends does not matter here."""
    request = RECORDED[name]["request"]
    path = request["path"].partition("?")[0].rstrip("/")
    _, _, _, *rest = path.split("/")
    if request["method"] == "GET":
        return bookings.get(_uid(rest[0])) if rest else bookings.list()
    if not rest:
        return bookings.create(A_BOOKING)
    uid, verb = _uid(rest[0]), rest[1]
    seat = isinstance(request["body"], dict) and "seatUid" in request["body"]
    if verb == "cancel":
        return bookings.cancel_seat(uid, "seat") if seat else bookings.cancel(uid)
    if verb == "reschedule":
        start = "2027-04-05T09:00:00Z"
        if seat:
            return bookings.reschedule_seat(uid, "seat", start)
        return bookings.reschedule(uid, {"start": start})
    if verb == "reassign":
        return bookings.reassign_to_user(uid, 1) if rest[2:] else bookings.reassign(uid)
    of_uid = {
        "confirm": bookings.confirm,
        "decline": bookings.decline,
        "mark-absent": bookings.mark_absent,
    }
    return of_uid[verb](uid)


def _uid(segment: str) -> str:
    uid = unquote(segment)
    return uid if uid.isprintable() else "unprintable"
