"""Every request fits the API's own document: route, version, query parameters and body."""

import copy
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from attrs import frozen
from core_calls import RECORDED_CALLS
from core_operations import OPERATIONS, Refused, Sent
from jsonschema import Draft202012Validator, ValidationError

from calcom_core import Anonymous, Api, Request
from calcom_core.routes import ROUTES

FACTS = json.loads((Path(__file__).parent.parent / "openapi.facts.json").read_text("utf-8"))

# Sent on purpose, to record the response.
AGAINST_THE_DOCUMENT = {"223-create-bad-language"}

# Accepted by the server and hidden from its document.
HIDDEN = {"rrHostSubsetIds": {"type": "array", "items": {"type": "integer"}}}
MAY_HAVE_HIDDEN = (
    "CreateBookingInput_2024_08_13",
    "CreateInstantBookingInput_2024_08_13",
    "CreateRecurringBookingInput_2024_08_13",
    "RescheduleBookingInput_2024_08_13",
)
HIDDEN_QUERY: Mapping[tuple[str, str], Any] = {
    ("get", "/v2/slots"): {"rrHostSubsetIds": {"schema": {"type": "string"}}}
}

# The version of operations without one in the document; some require it, some accept any.
UNSAID = "2024-08-13"


@frozen
class Newer:
    """The differences of an operation from the document in a newer version."""

    query: Mapping[str, Any] = {}
    gone: frozenset[str] = frozenset()
    body: Mapping[str, Any] = {}


BY_CURSOR = Newer(
    query={
        "limit": {"schema": {"type": "integer", "minimum": 1, "maximum": 100}},
        "cursor": {"schema": {"type": "string"}},
        "status": {
            "schema": {
                "type": "string",
                "enum": ["upcoming", "recurring", "past", "cancelled", "unconfirmed"],
            }
        },
    },
    gone=frozenset({"take", "skip", "sortStart", "sortEnd", "sortCreated", "sortUpdatedAt"}),
)
FOR_HOSTS = Newer(
    body={
        "allowConflicts": {"type": "boolean"},
        "allowBookingOutOfBounds": {"type": "boolean"},
        "skipBookingLimits": {"type": "boolean"},
    }
)
NEWER: Mapping[tuple[str, str, str], Newer] = {
    # Lists have cursors from 2026-05-01 on; the version before it matches the document.
    ("get", "/v2/bookings", "2026-02-25"): Newer(),
    ("get", "/v2/bookings", "2026-05-01"): BY_CURSOR,
    ("get", "/v2/organizations/{orgId}/bookings", "2026-05-01"): BY_CURSOR,
    # Host-only flags exist from 2026-02-25 on.
    ("post", "/v2/bookings", "2026-02-25"): FOR_HOSTS,
    ("post", "/v2/bookings/{bookingUid}/reschedule", "2026-02-25"): FOR_HOSTS,
    ("post", "/v2/bookings/{bookingUid}/seats/confirm", "2026-02-25"): Newer(),
    ("post", "/v2/bookings/{bookingUid}/seats/decline", "2026-02-25"): Newer(),
    ("get", "/v2/event-types", "2026-06-12"): Newer(),
}


def _of_seats(version: str) -> dict[str, Any]:
    return {
        "post": {
            "parameters": [
                {"name": "cal-api-version", "in": "header", "schema": {"default": version}},
                {"name": "bookingUid", "in": "path", "schema": {"type": "string"}},
            ],
            "requestBody": {
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "properties": {
                                "seatUids": {"type": "array", "items": {"type": "string"}}
                            },
                            "required": ["seatUids"],
                            "additionalProperties": False,
                        }
                    }
                }
            },
        }
    }


def _read(version: str, **parameters: tuple[str, str]) -> dict[str, Any]:
    """Return a GET with parameters by name, each with a place and a type."""
    declared = [
        {"name": name, "in": place, "schema": {"type": kind}}
        for name, (place, kind) in parameters.items()
    ]
    header = {"name": "cal-api-version", "in": "header", "schema": {"default": version}}
    return {"get": {"parameters": [header, *declared]}}


# The document has only the routes of bookings, teams and slots.
# It is older than the confirmation of seats.
# Requesting a reschedule exists from 2026-02-25 on.
NEWER_PATHS: Mapping[str, Any] = {
    "/v2/event-types": _read(
        "2024-06-14",
        username=("query", "string"),
        eventSlug=("query", "string"),
        usernames=("query", "string"),
        orgSlug=("query", "string"),
        orgId=("query", "integer"),
    ),
    "/v2/event-types/{eventTypeId}": _read("2024-06-14", eventTypeId=("path", "integer")),
    "/v2/me": _read("2024-08-13"),
    "/v2/bookings/{bookingUid}/seats/confirm": _of_seats("2024-08-13"),
    "/v2/bookings/{bookingUid}/seats/decline": _of_seats("2024-08-13"),
    "/v2/bookings/{bookingUid}/request-reschedule": {
        "post": {
            "parameters": [
                {"name": "cal-api-version", "in": "header", "schema": {"default": "2026-02-25"}},
                {"name": "bookingUid", "in": "path", "schema": {"type": "string"}},
            ],
            "requestBody": {
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "properties": {"rescheduleReason": {"type": "string"}},
                            "additionalProperties": False,
                        }
                    }
                }
            },
        }
    },
}
PATHS = {**FACTS["paths"], **NEWER_PATHS}


def _closed() -> dict[str, Any]:
    schemas = copy.deepcopy(FACTS["components"]["schemas"])
    for name, schema in schemas.items():
        if "properties" in schema:
            schema["additionalProperties"] = False
            if name in MAY_HAVE_HIDDEN:
                schema["properties"].update(HIDDEN)
    return {"schemas": schemas}


COMPONENTS = _closed()


def check(value: object, schema: dict[str, Any]) -> None:
    Draft202012Validator({**schema, "components": COMPONENTS}).validate(value)


def operation_at(method: str, path: str) -> tuple[str, dict[str, Any], dict[str, str]]:
    """Return the document's path for a path, its operation, and the path's parameters."""
    found = []
    for template, methods in PATHS.items():
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
        match = re.fullmatch(pattern, path)
        if match and method in methods:
            found.append((template, methods[method], match.groupdict()))
    assert len(found) == 1, f"{method} {path} is {len(found)} operations of the document"
    return found[0]


def assert_query(query: str, declared: Mapping[str, Any]) -> None:
    given = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    names = {name for name, _ in given}
    assert len(names) == len(given)
    assert {name for name, item in declared.items() if item.get("required")} <= names
    for name, text in given:
        schema = declared[name]["schema"]
        value: object = text
        if schema["type"] == "array":
            assert declared[name]["explode"] is False
            value = text.split(",")
        elif schema["type"] == "integer":
            value = int(text)
        check(value, schema)


def assert_documented(request: Request) -> None:
    url = urlsplit(request.url)
    method = request.method.lower()
    template, operation, in_path = operation_at(method, url.path)
    declared: dict[str, dict[str, Any]] = {"header": {}, "path": {}, "query": {}}
    for item in operation["parameters"]:
        declared[item["in"]][item["name"]] = item
    newer = Newer()
    version = request.headers.get("cal-api-version") or ""
    header = declared["header"].get("cal-api-version", {"schema": {}})
    if version != header["schema"].get("default", UNSAID):
        newer = NEWER[method, template, version]
    for name, value in in_path.items():
        schema = declared["path"][name]["schema"]
        check(int(value) if schema["type"] == "integer" else unquote(value), schema)
    in_query = {
        **declared["query"],
        **HIDDEN_QUERY.get((method, template), {}),
        **newer.query,
    }
    assert_query(url.query, {name: in_query[name] for name in in_query.keys() - newer.gone})
    body = operation.get("requestBody")
    if body is None:
        assert request.body == b""
    else:
        sent = json.loads(request.body)
        for name in newer.body.keys() & sent.keys():
            check(sent.pop(name), newer.body[name])
        check(sent, body["content"]["application/json"]["schema"])


@pytest.mark.parametrize("name", sorted(RECORDED_CALLS.keys() - AGAINST_THE_DOCUMENT))
def test_a_recorded_call_fits_the_document(name: str) -> None:
    assert_documented(Api(Anonymous()).request(RECORDED_CALLS[name]()))


SENT_EVERYWHERE = [
    (name, label, sent)
    for name, rows in OPERATIONS.items()
    for label, sent in rows.items()
    if not isinstance(sent.versions[0], Refused)
]


@pytest.mark.parametrize(
    "sent", [pytest.param(sent, id=f"{name}: {label}") for name, label, sent in SENT_EVERYWHERE]
)
def test_an_operation_fits_the_document(sent: Sent) -> None:
    assert_documented(Api(Anonymous()).request(sent.call()))


def test_every_operation_is_checked_against_the_document() -> None:
    assert {name for name, _, _ in SENT_EVERYWHERE} == ROUTES.keys()


@pytest.mark.parametrize(
    ("version", "target", "body"),
    [
        (
            "2024-08-13",
            "/v2/bookings/bk7/reschedule",
            {"start": "2027-04-05T09:00:00Z", "seatUid": "s", "reschedulingReason": "r"},
        ),
        ("2024-08-13", "/v2/bookings/bk7/reschedule", {"start": 5}),
        ("2024-08-13", "/v2/bookings/bk7/reschedule", {}),
        ("2024-08-13", "/v2/bookings/bk7/reschedule", {"start": "s", "allowConflicts": True}),
        ("2026-02-25", "/v2/bookings/bk7/reschedule", {"start": "s", "allowConflicts": 1}),
        ("2026-02-25", "/v2/bookings/bk7/reschedule", {"start": "s", "allowAll": True}),
        ("2026-02-25", "/v2/bookings/bk7/request-reschedule", {"reason": "r"}),
        ("2024-08-13", "/v2/bookings/bk7/guests", {"guests": [{"name": "Eva"}]}),
        ("2024-09-04", "/v2/slots/reservations", {"eventTypeId": 1}),
    ],
)
def test_the_body_check_refuses_undocumented_bodies(
    version: str, target: str, body: object
) -> None:
    url, sent = f"https://api.cal.com{target}", json.dumps(body).encode()
    with pytest.raises(ValidationError):
        assert_documented(Request("POST", url, {"cal-api-version": version}, sent))


@pytest.mark.parametrize(
    ("version", "target"),
    [
        ("2024-08-13", "/v2/bookings?unknown=1"),
        ("2024-08-13", "/v2/bookings?take=1&take=2"),
        ("2024-08-13", "/v2/bookings/a/b"),
        ("2024-08-13", "/v2/bookings?limit=1"),
        ("2024-08-13", "/v2/bookings?cursor=c"),
        ("2026-02-25", "/v2/bookings?limit=1"),
        ("2026-05-01", "/v2/bookings?take=1"),
        ("2026-05-01", "/v2/bookings?sortStart=asc"),
        ("2026-05-01", "/v2/bookings?status=past,cancelled"),
        ("2026-05-01", "/v2/bookings?limit=101"),
        ("2026-05-01", "/v2/bookings/bk7"),
        ("2026-02-25", "/v2/bookings/bk7"),
        ("2024-09-04", "/v2/bookings/bk7"),
        ("2026-02-25", "/v2/bookings/bk7/attendees"),
        ("2024-08-13", "/v2/bookings/bk7/attendees/x"),
        ("2024-08-13", "/v2/bookings/bk7/references?type=zoom"),
        ("2024-08-13", "/v2/teams/3/bookings?limit=1"),
        ("2024-08-13", "/v2/teams/3/bookings?teamId=1"),
        ("2026-05-01", "/v2/teams/3/bookings"),
        ("2024-08-13", "/v2/organizations/2/bookings?limit=1"),
        ("2024-08-13", "/v2/slots?start=2027-04-05&end=2027-04-06"),
        ("2024-09-04", "/v2/slots?start=2027-04-05"),
        ("2024-09-04", "/v2/slots?start=2027-04-05&end=2027-04-06&eventTypeId=one"),
        ("2024-08-13", "/v2/event-types"),
        ("2024-06-14", "/v2/event-types?slug=chat"),
        ("2024-06-14", "/v2/event-types?orgId=rosa-org"),
        ("2024-06-14", "/v2/event-types/chat"),
    ],
)
def test_the_target_check_refuses_undocumented_targets(version: str, target: str) -> None:
    request = Request("GET", f"https://api.cal.com{target}", {"cal-api-version": version})
    with pytest.raises((AssertionError, KeyError, ValidationError, ValueError)):
        assert_documented(request)


@pytest.mark.parametrize(
    ("version", "target"),
    [
        ("2024-08-13", "/v2/bookings/bk7/request-reschedule"),
        ("2026-02-25", "/v2/bookings/bk7/cancel"),
        ("2026-02-25", "/v2/bookings/bk7/guests"),
        ("2024-08-13", "/v2/slots/reservations"),
    ],
)
def test_the_version_check_refuses_undocumented_versions(version: str, target: str) -> None:
    request = Request("POST", f"https://api.cal.com{target}", {"cal-api-version": version}, b"{}")
    with pytest.raises(KeyError):
        assert_documented(request)
