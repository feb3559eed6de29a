"""Every request fits the API's own document: route, query parameters and body."""

import copy
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from core_calls import RECORDED_CALLS
from core_more_calls import MORE_CALLS
from jsonschema import Draft202012Validator, ValidationError

from calcom_core import Anonymous, Api, Request

FACTS = json.loads((Path(__file__).parent.parent / "openapi.facts.json").read_text("utf-8"))

# Sent on purpose, to see what the server says of it.
AGAINST_THE_DOCUMENT = {"223-create-bad-language"}

# Accepted by the server and hidden from its document.
HIDDEN = {"rrHostSubsetIds": {"type": "array", "items": {"type": "integer"}}}
MAY_HAVE_HIDDEN = (
    "CreateBookingInput_2024_08_13",
    "CreateInstantBookingInput_2024_08_13",
    "CreateRecurringBookingInput_2024_08_13",
    "RescheduleBookingInput_2024_08_13",
)


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


def operation_at(method: str, path: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the document's operation for a path, and the path's parameters."""
    found = []
    for template, methods in FACTS["paths"].items():
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
        match = re.fullmatch(pattern, path)
        if match and method.lower() in methods:
            found.append((methods[method.lower()], match.groupdict()))
    assert len(found) == 1, f"{method} {path} is {len(found)} operations of the document"
    return found[0]


def assert_documented(request: Request) -> None:
    url = urlsplit(request.url)
    operation, in_path = operation_at(request.method, url.path)
    declared = {(item["in"], item["name"]): item for item in operation["parameters"]}
    for name, value in in_path.items():
        schema = declared["path", name]["schema"]
        check(int(value) if schema["type"] == "integer" else unquote(value), schema)
    given = parse_qsl(url.query, keep_blank_values=True, strict_parsing=bool(url.query))
    assert len({name for name, _ in given}) == len(given)
    for name, text in given:
        schema = declared["query", name]["schema"]
        value: object = text
        if schema["type"] == "array":
            assert declared["query", name]["explode"] is False
            value = text.split(",")
        elif schema["type"] == "integer":
            value = int(text)
        check(value, schema)
    version = declared["header", "cal-api-version"]["schema"]["default"]
    assert request.headers.get("cal-api-version") == version
    body = operation.get("requestBody")
    if body is None:
        assert request.body == b""
    else:
        check(json.loads(request.body), body["content"]["application/json"]["schema"])


@pytest.mark.parametrize("name", sorted(RECORDED_CALLS.keys() - AGAINST_THE_DOCUMENT))
def test_a_recorded_call_fits_the_document(name: str) -> None:
    assert_documented(Api(Anonymous()).request(RECORDED_CALLS[name]()))


@pytest.mark.parametrize("name", MORE_CALLS)
def test_a_call_fits_the_document(name: str) -> None:
    assert_documented(Api(Anonymous()).request(MORE_CALLS[name][0]()))


@pytest.mark.parametrize(
    "body",
    [
        {"start": "2027-04-05T09:00:00Z", "seatUid": "s", "reschedulingReason": "r"},
        {"start": 5},
        {},
    ],
)
def test_the_check_of_bodies_refuses_what_the_document_refuses(body: object) -> None:
    path = "/v2/bookings/bk7/reschedule"
    request = Request(
        "POST",
        f"https://api.cal.com{path}",
        {"cal-api-version": "2024-08-13"},
        json.dumps(body).encode(),
    )
    with pytest.raises(ValidationError):
        assert_documented(request)


@pytest.mark.parametrize(
    "target", ["/v2/bookings?unknown=1", "/v2/bookings?take=1&take=2", "/v2/bookings/a/b"]
)
def test_the_check_of_targets_refuses_what_the_document_lacks(target: str) -> None:
    request = Request("GET", f"https://api.cal.com{target}", {"cal-api-version": "2024-08-13"})
    with pytest.raises((AssertionError, KeyError)):
        assert_documented(request)
