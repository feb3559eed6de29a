"""Reading responses and deliveries, from bytes to typed objects.

The floor is `json.loads` of the same bytes.
"""

import json
from collections.abc import Callable
from functools import cache

from benchmarks.data import (
    ERRORS,
    NEW,
    SHAPES,
    UID,
    WEBHOOK_SECRET,
    compact,
    deliveries,
    page_of_100,
    pages_of_shapes,
    recorded,
    recorded_response,
)
from benchmarks.table import named
from benchmarks.turns import Subject, Turns, repeat

ALL = "all shapes"
PAGES = (ALL, *SHAPES)
OURS, PYDANTIC, FLOOR = "ours", "pydantic", "json.loads"


@cache
def page(shape: str) -> bytes:
    return page_of_100() if shape == ALL else pages_of_shapes()[shape]


def ours(turns: Turns, url: str, shape: str) -> None:
    from calcom_core import Response, bookings

    body, operation = page(shape), bookings.list(take=100)
    assert len(operation.read(Response(200, (), body)).items) == 100
    repeat(lambda: operation.read(Response(200, (), body)))(turns, url)


def pydantic(turns: Turns, url: str, shape: str) -> None:
    from benchmarks.peer_models import GetBookingsOutput

    body = page(shape)
    repeat(lambda: GetBookingsOutput.model_validate(json.loads(body)).data)(turns, url)


def only_json(turns: Turns, url: str, shape: str) -> None:
    body = page(shape)
    repeat(lambda: json.loads(body))(turns, url)


def one_by_ours(turns: Turns, url: str) -> None:
    from calcom_core import Response, bookings

    body, operation = compact(recorded("29-get-normal")), bookings.get_one(UID)
    repeat(lambda: operation.read(Response(200, (), body)))(turns, url)


def one_by_json(turns: Turns, url: str) -> None:
    body = compact(recorded("29-get-normal"))
    repeat(lambda: json.loads(body))(turns, url)


def one_by_pydantic(turns: Turns, url: str) -> None:
    from benchmarks.peer_models import GetBookingOutput

    body = compact(recorded("29-get-normal"))
    repeat(lambda: GetBookingOutput.model_validate(json.loads(body)).data)(turns, url)


def errors_by_ours(turns: Turns, url: str) -> None:
    from calcom_core import ApiError, Response, bookings

    operation = bookings.create(NEW)
    # With all headers, which an error searches for credentials.
    responses = [
        Response(each["status"], each["headers"], compact(each["body"]))
        for each in map(recorded_response, ERRORS)
    ]

    def read() -> None:
        for response in responses:
            try:
                operation.read(response)
            except ApiError:
                continue
            raise AssertionError(response)

    repeat(read)(turns, url)


def errors_by_json(turns: Turns, url: str) -> None:
    each_by_json([compact(recorded(name)) for name in ERRORS])(turns, url)


def each_by_json(bodies: list[bytes]) -> Subject:
    def read() -> None:
        for body in bodies:
            json.loads(body)

    return repeat(read)


def deliveries_by_ours(turns: Turns, url: str) -> None:
    from calcom_core import webhooks

    bodies = [body for _, body in deliveries()]

    def read() -> None:
        for body in bodies:
            webhooks.parse(body)

    repeat(read)(turns, url)


def deliveries_verified_by_ours(turns: Turns, url: str) -> None:
    from calcom_core import webhooks

    signed = deliveries()

    def read() -> None:
        for headers, body in signed:
            webhooks.receive(headers, body, WEBHOOK_SECRET)

    repeat(read)(turns, url)


def deliveries_by_json(turns: Turns, url: str) -> None:
    each_by_json([body for _, body in deliveries()])(turns, url)


_OF_PAGES: dict[str, Callable[[Turns, str, str], None]] = {
    OURS: ours,
    PYDANTIC: pydantic,
    FLOOR: only_json,
}


def of_page(subject: Callable[[Turns, str, str], None], shape: str) -> Subject:
    return lambda turns, url: subject(turns, url, shape)


SUBJECTS: dict[str, Subject] = {
    **{
        named(name, shape): of_page(subject, shape)
        for shape in PAGES
        for name, subject in _OF_PAGES.items()
    },
    named(OURS, "one"): one_by_ours,
    named(PYDANTIC, "one"): one_by_pydantic,
    named(FLOOR, "one"): one_by_json,
    named(OURS, "errors"): errors_by_ours,
    named(FLOOR, "errors"): errors_by_json,
    named(OURS, "deliveries"): deliveries_by_ours,
    named(OURS, "deliveries verified"): deliveries_verified_by_ours,
    named(FLOOR, "deliveries"): deliveries_by_json,
}
