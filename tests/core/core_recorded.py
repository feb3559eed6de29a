"""The recorded exchanges of a real server, and the operation that each is an answer to."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from calcom_core import Operation, Response, bookings, event_types, me, slots, teams

FOLDER = Path(__file__).parent.parent / "recorded"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
RECORDED: dict[str, dict[str, Any]] = {
    name: json.loads((FOLDER / f"{name}.json").read_text("utf-8")) for name in NAMES
}

START = "2027-04-05T09:00:00Z"
PERSON = {"name": "Ann Attendee", "email": "ann@example.net", "time_zone": "Europe/Rome"}
A_BOOKING = {"start": START, "event_type_id": 1, "attendee": PERSON}
OF_UID: dict[str, Callable[[str], Operation[Any]]] = {
    "confirm": bookings.confirm,
    "decline": bookings.decline,
    "mark-absent": bookings.mark_absent,
    "reassign": bookings.reassign,
    "calendar-links": bookings.calendar_links,
    "references": bookings.references,
    "recordings": bookings.recordings,
    "transcripts": bookings.transcripts,
    "conferencing-sessions": bookings.conferencing_sessions,
    "attendees": bookings.attendees.list,
    "explode": bookings.confirm,  # which the API lacks, as it does the next
    "": bookings.cancel,
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
    path = request["path"].partition("?")[0].rstrip("/").removeprefix("/api")
    _, _, family, *rest = path.split("/")
    body = request["body"]
    if family == "slots":
        return _of_slots(request["method"], rest)
    if family in {"teams", "organizations"}:
        return _of_teams(family, rest)
    if family == "event-types":
        return event_types.get(int(rest[0])) if rest else event_types.list()
    if family == "me":
        return me.get()
    match request["method"], rest:
        case "GET", []:
            return bookings.list()
        case _, [] if isinstance(body, dict) and "instant" in body:
            return bookings.create_instant(A_BOOKING)
        case _, []:
            return bookings.create(A_BOOKING)
        case "GET", ["by-seat", _]:
            return bookings.get_by_seat("seat")
        case "GET", [uid]:
            return bookings.get(_uid(uid))
        case "POST", [uid, "cancel"]:
            seat = isinstance(body, dict) and "seatUid" in body
            return bookings.cancel_seat(_uid(uid), "seat") if seat else bookings.cancel(_uid(uid))
        case "POST", [uid, "reschedule"]:
            if "seatUid" in body:
                return bookings.reschedule_seat(_uid(uid), "seat", START)
            return bookings.reschedule(_uid(uid), {"start": START})
        case "POST", [uid, "reassign", _]:
            return bookings.reassign_to_user(_uid(uid), 1)
        case "POST", [uid, "attendees"]:
            return bookings.attendees.add(_uid(uid), **PERSON)
        case "POST", [uid, "guests"]:
            return bookings.guests.add(_uid(uid), [PERSON])
        case "GET", [uid, "attendees", _]:
            return bookings.attendees.get(_uid(uid), 1)
        case "DELETE", [uid, "attendees", _]:
            return bookings.attendees.remove(_uid(uid), 1)
        case "PATCH", [uid, "location"]:
            return bookings.update_location(_uid(uid), {"type": "link", "link": "x"})
        case _, [uid, *verb]:
            return OF_UID["-".join(verb)](_uid(uid))
    raise AssertionError(name)


def _of_slots(method: str, rest: list[str]) -> Operation[Any]:
    match method, rest:
        case "POST", _:
            return slots.reserve(event_type_id=1, slot_start=START)
        case "GET", ["reservations", uid]:
            return slots.get_reservation(uid)
        case "PATCH", [_, uid]:
            return slots.update_reservation(uid, event_type_id=1, slot_start=START)
        case "DELETE", [_, uid]:
            return slots.delete_reservation(uid)
    return slots.list(event_type_id=1, start="2027-04-05", end="2027-04-06")


def _of_teams(family: str, rest: list[str]) -> Operation[Any]:
    match family, rest:
        case "teams", [team, "bookings"]:
            return teams.bookings(int(team))
        case "organizations", [organization, "bookings"]:
            return teams.organization_bookings(int(organization))
        case "organizations", [organization, "teams", team, "bookings"]:
            return teams.organization_team_bookings(int(organization), int(team))
        case "organizations", [organization, "users", user, "bookings"]:
            return teams.organization_user_bookings(int(organization), int(user))
        case "organizations", [organization, "teams", team, "bookings", uid, "references"]:
            return teams.references(int(organization), int(team), uid)
    raise AssertionError(rest)


def _uid(segment: str) -> str:
    uid = unquote(segment)
    return uid if uid.isprintable() else "unprintable"
