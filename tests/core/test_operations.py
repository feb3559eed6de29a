"""Each row of the table of calls: its request under both version profiles, and its verify."""

import inspect
import json
from collections.abc import Callable
from functools import partial
from typing import Any, get_args, get_type_hints

import pytest
from attrs import fields_dict
from core_operations import NEW, OPERATIONS, PINS, START, Refused, Sent

from calcom_core import (
    EVERYWHERE,
    HOSTED,
    Anonymous,
    Api,
    ApiKey,
    Auth,
    InvalidInput,
    NewBooking,
    Operation,
    Reschedule,
    Versions,
    bookings,
)
from calcom_core.routes import ROUTES

ROWS = [
    pytest.param(name, sent, id=f"{name}: {label}")
    for name, rows in OPERATIONS.items()
    for label, sent in rows.items()
]
CALLS = [(name, sent) for name, rows in OPERATIONS.items() for sent in rows.values()]
AUTHS: list[tuple[Auth, list[tuple[str, str]]]] = [
    (Anonymous(), []),
    (ApiKey("cal_test_0123"), [("Authorization", "Bearer cal_test_0123")]),
]
VERSIONS = (
    *("2024-04-15", "2024-06-11", "2024-06-14", "2024-08-13", "2024-09-04"),
    *("2026-02-25", "2026-05-01", "2026-06-12", "newest", ""),
)


def refused_field(call: Callable[[], object]) -> str:
    with pytest.raises(InvalidInput) as caught:
        call()
    return caught.value.field


def json_bytes(value: Any) -> bytes:
    """Return the compact JSON of a body, and no bytes for None."""
    if value is None:
        return b""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def assert_sent(
    operation: Operation[Any], sent: Sent, versions: Versions, version: str | Refused
) -> None:
    for auth, credentials in AUTHS:
        api = Api(auth, versions=versions)
        if isinstance(version, Refused):
            assert refused_field(partial(api.request, operation)) == version.field
            continue
        request = api.request(operation)
        json_type = [("Content-Type", "application/json")]
        method, target = sent.to.split(" ")
        assert (request.method, request.url) == (method, f"https://api.cal.com{target}")
        assert list(request.headers) == [
            ("Accept", "application/json"),
            ("User-Agent", "calcom-bookings/0.2.0"),
            ("cal-api-version", version),
            *credentials,
            *([] if sent.body is None else json_type),
        ]
        assert request.body == json_bytes(sent.body)


def test_the_tables_name_exactly_the_operations() -> None:
    assert list(OPERATIONS) == list(ROUTES)
    assert PINS.keys() == ROUTES.keys()
    assert [name for name, rows in OPERATIONS.items() if "in short" not in rows] == []


def test_these_operations_need_no_credentials() -> None:
    assert {name for name, route in ROUTES.items() if route.public} == {
        *("bookings.get", "bookings.get_one", "bookings.get_series", "bookings.get_by_seat"),
        *("bookings.create", "bookings.create_one", "bookings.create_recurring"),
        *("bookings.create_instant", "bookings.reschedule", "bookings.reschedule_seat"),
        *("bookings.cancel", "bookings.cancel_one", "bookings.cancel_seat"),
        *("slots.list", "slots.reserve", "slots.get_reservation", "slots.update_reservation"),
        *("slots.delete_reservation", "event_types.list"),
    }


@pytest.mark.parametrize(("name", "sent"), ROWS)
def test_a_call_sends_exactly_this_under_each_version_profile(name: str, sent: Sent) -> None:
    operation = sent.call()
    assert operation.name == name
    for versions, version in zip((EVERYWHERE, HOSTED), sent.versions, strict=True):
        assert_sent(operation, sent, versions, version)


def test_a_call_is_idempotent_or_names_the_read_that_verifies_it() -> None:
    for name, sent in CALLS:
        operation = sent.call()
        verify = None if sent.verify is None else sent.verify()
        assert (operation.idempotent, operation.verify) == (verify is None, verify), name
        assert verify is None or (verify.idempotent, verify.verify) == (True, None), name


def arguments_of(function: Callable[..., Operation[Any]]) -> set[str]:
    """Return the names of all arguments of a call but the version, filters included."""
    names: set[str] = set()
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            names |= get_type_hints(get_args(parameter.annotation)[0]).keys()
        else:
            names.add(parameter.name)
    return names - {"cal_api_version"}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_argument_of_a_call_is_given_in_some_row(name: str) -> None:
    calls = [sent.call for sent in OPERATIONS[name].values()]
    function = calls[0].func
    given: set[str] = set()
    for call in calls:
        if call.func is function:
            bound = inspect.signature(function).bind(*call.args, **call.keywords).arguments
            given |= bound.keys() | bound.get("filters", {}).keys()
    assert given - {"cal_api_version", "filters"} == arguments_of(function)


@pytest.mark.parametrize(
    ("name", "model"), [("bookings.create", NewBooking), ("bookings.reschedule", Reschedule)]
)
def test_every_key_of_the_data_is_given_in_some_row(name: str, model: type[Any]) -> None:
    given: set[str] = set()
    for sent in OPERATIONS[name].values():
        data = sent.call.keywords.get("data") or sent.call.args[-1]
        given |= (
            data.keys()
            if isinstance(data, dict)
            else {key for key in fields_dict(model) if getattr(data, key) is not None}
        )
    assert given == fields_dict(model).keys()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", PINS)
def test_a_pinned_version_overrides_both_profiles_or_is_refused_at_once(
    name: str, version: str
) -> None:
    pinned = partial(OPERATIONS[name]["in short"].call, cal_api_version=version)
    if version not in PINS[name]:
        assert refused_field(pinned) == "cal_api_version"
        return
    for versions in (EVERYWHERE, HOSTED):
        request = Api(Anonymous(), versions=versions).request(pinned())
        assert request.headers.get_all("cal-api-version") == (version,)


FLAGS_SENT = {
    "allow_conflicts": "allowConflicts",
    "allow_booking_out_of_bounds": "allowBookingOutOfBounds",
    "skip_booking_limits": "skipBookingLimits",
}
HOSTS_CALLS: dict[str, Callable[..., Operation[Any]]] = {
    "create": lambda flag, **pin: bookings.create({**NEW, **flag}, **pin),
    "create_recurring": lambda flag, **pin: bookings.create_recurring({**NEW, **flag}, **pin),
    "create_instant": lambda flag, **pin: bookings.create_instant({**NEW, **flag}, **pin),
    "reschedule": lambda flag, **pin: bookings.reschedule("bk7", {"start": START, **flag}, **pin),
    "reschedule of a seat": lambda flag, **pin: bookings.reschedule(
        "bk7", {"start": START, "seat_uid": "s", **flag}, **pin
    ),
    "reschedule_seat": lambda flag, **pin: bookings.reschedule_seat(
        "bk7", "s", START, **flag, **pin
    ),
}


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize("flag", FLAGS_SENT)
@pytest.mark.parametrize("name", HOSTS_CALLS)
def test_host_only_flags_are_sent_in_versions_with_them_and_refused_in_others(
    name: str, flag: str, value: bool
) -> None:
    call = partial(HOSTS_CALLS[name], {flag: value})
    everywhere, hosted = Api(Anonymous()), Api(Anonymous(), versions=HOSTED)

    for api, operation in (
        (hosted, call()),
        (hosted, call(cal_api_version="2026-02-25")),
        (everywhere, call(cal_api_version="2026-02-25")),
    ):
        request = api.request(operation)
        assert request.headers.get("cal-api-version") == "2026-02-25"
        assert json.loads(request.body)[FLAGS_SENT[flag]] is value
    field = flag if name == "reschedule_seat" else f"data.{flag}"
    assert refused_field(partial(everywhere.request, call())) == field
    assert refused_field(partial(call, cal_api_version="2024-08-13")) == field
