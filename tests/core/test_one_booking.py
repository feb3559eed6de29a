"""Calls for one booking, where the server returns a series."""

import copy
import json
import pickle
from typing import Any

import pytest
from core_recorded import A_BOOKING, RECORDED, response_of, response_with_data

from calcom_core import (
    Booking,
    Cancellation,
    DecodingError,
    InvalidInput,
    NewBooking,
    Operation,
    Response,
    SeatCancellation,
    SeriesReturned,
    bookings,
)

CREATE = bookings.create_one(A_BOOKING)
CANCEL = bookings.cancel_one("bk7")
GET = bookings.get_one("bk7")

# The call, the returned series, its uids, whether it was a write, and the message.
SERIES: dict[str, tuple[Operation[Booking], str, list[str], bool, str]] = {
    "create_one": (
        CREATE,
        "102-create-recurring-count-2",
        ["stgnCyJcfBjLXTFJR6Zzo2", "pCTjxZmf1dYtpeQLm55zet"],
        True,
        "bookings.create_one (POST /v2/bookings): 201 with a series of 2 at $.data instead "
        "of one booking; error.bookings holds them; bookings.create returns one booking or a "
        "series; the server accepted the request all the same",
    ),
    "cancel_one": (
        CANCEL,
        "103-cancel-recurring-all",
        ["stgnCyJcfBjLXTFJR6Zzo2", "pCTjxZmf1dYtpeQLm55zet"],
        True,
        "bookings.cancel_one (POST /v2/bookings/bk7/cancel): 200 with a series of 2 at $.data "
        "instead of one booking; error.bookings holds them; bookings.cancel returns one "
        "booking or a series; the server accepted the request all the same",
    ),
    "get_one": (
        GET,
        "98-get-recurring-all",
        [
            "wUayWWZwN2yXongb2Rtuq7",
            "ocS3WdDMJTNC37mn8KB6sw",
            "rN3wHTgxpgaPYYHFtwZFiT",
            "3U1gsyjHUN5WwDpFN6BrWJ",
        ],
        False,
        "bookings.get_one (GET /v2/bookings/bk7): 200 with a series of 4 at $.data instead "
        "of one booking; error.bookings holds them; bookings.get returns one booking or a series",
    ),
}


def raised(operation: Operation[Any], response: Response) -> DecodingError:
    with pytest.raises(DecodingError) as caught:
        operation.read(response)
    return caught.value


def series(operation: Operation[Any], response: Response) -> SeriesReturned:
    error = raised(operation, response)
    assert isinstance(error, SeriesReturned)
    return error


@pytest.mark.parametrize("name", SERIES)
def test_a_series_for_a_single_booking_is_an_error_with_all_its_bookings(name: str) -> None:
    operation, recording, uids, written, message = SERIES[name]
    error = series(operation, response_of(recording))

    assert str(error) == message
    assert [booking.uid for booking in error.bookings] == uids
    assert {type(booking) for booking in error.bookings} == {Booking}
    assert error.may_have_happened is written
    assert (error.path, error.found) == ("$.data", f"a series of {len(uids)}")
    assert error.operation == operation
    assert error.response.status == RECORDED[recording]["response"]["status"]
    assert error.data == RECORDED[recording]["response"]["body"]
    assert error.bookings == bookings.get_series("bk7").read(response_of(recording))


@pytest.mark.parametrize("name", SERIES)
def test_the_error_pickles_and_copies_with_its_bookings(name: str) -> None:
    operation, recording, uids, written, message = SERIES[name]
    error = series(operation, response_of(recording))
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is SeriesReturned
        assert (str(again), again.may_have_happened) == (message, written)
        assert again.bookings == error.bookings
        assert len(again.bookings) == len(uids)


def test_no_credential_is_in_a_delivery_error() -> None:
    data = copy.deepcopy(RECORDED["102-create-recurring-count-2"]["response"]["body"]["data"])
    data[0]["description"] = "see Bearer cal_test_echoed0123456789"
    data[1]["metadata"] = {"token": "cal_test_echoed0123456789"}
    error = series(CREATE, response_with_data("102-create-recurring-count-2", data))

    assert error.bookings[0].description == "see Bearer [redacted]"
    assert error.bookings[1].metadata == {"token": "[redacted]"}
    assert b"cal_test_echoed" not in pickle.dumps(error)
    assert "cal_test_echoed" not in str(error) + repr(error) + json.dumps(error.data)


FIRST = RECORDED["102-create-recurring-count-2"]["response"]["body"]["data"][0]

# Data that is not a series, and the problem.
UNREADABLE: dict[str, tuple[object, str, str]] = {
    "an item without a uid": (
        [FIRST, {key: value for key, value in FIRST.items() if key != "uid"}],
        "$.data[1].uid",
        "nothing",
    ),
    "an item of another type": ([FIRST, 5], "$.data[1]", "an integer"),
    "no item": ([], "$.data", "an array"),
    "null": (None, "$.data", "null"),
}


@pytest.mark.parametrize("name", UNREADABLE)
@pytest.mark.parametrize("operation", [CREATE, CANCEL, GET], ids=["create", "cancel", "get"])
def test_an_unreadable_series_is_a_decoding_error(name: str, operation: Operation[Booking]) -> None:
    data, path, found = UNREADABLE[name]
    error = raised(operation, response_with_data("102-create-recurring-count-2", data))

    assert type(error) is DecodingError
    assert (error.path, error.found) == (path, found)
    assert error.may_have_happened is not operation.idempotent


def test_a_single_booking_is_returned() -> None:
    booking = CREATE.read(response_of("21-create-normal-noauth"))
    assert booking.uid == RECORDED["21-create-normal-noauth"]["response"]["body"]["data"]["uid"]
    assert CANCEL.read(response_of("51-cancel-normal")).status == "cancelled"
    assert GET.read(response_of("97-get-recurring-one")).shape.value == "recurring"
    assert CREATE.read(response_of("109-create-seated-second")).is_seated


@pytest.mark.parametrize(
    "data",
    [{**A_BOOKING, "recurrence_count": 1}, NewBooking(**A_BOOKING, recurrence_count=4)],
)
def test_a_recurrence_count_creates_a_series(data: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        bookings.create_one(data)
    assert str(caught.value) == (
        "data.recurrence_count: requests a series; call bookings.create_recurring"
    )


@pytest.mark.parametrize(
    "data",
    [{"cancel_subsequent_bookings": True}, Cancellation(cancel_subsequent_bookings=True)],
)
def test_cancelling_subsequent_bookings_cancels_several(data: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        bookings.cancel_one("bk7", data)
    assert str(caught.value) == (
        "data.cancel_subsequent_bookings: cancels several bookings; call bookings.cancel"
    )


def test_cancel_one_cancels_a_seat_like_cancel() -> None:
    seat = {"seat_uid": "seat-1", "cancellation_reason": "ill"}
    expected = bookings.cancel("bk7", seat)
    assert expected.name == "bookings.cancel_seat"
    assert bookings.cancel_one("bk7", seat) == expected
    assert bookings.cancel_one("bk7", SeatCancellation(**seat)) == expected
    with pytest.raises(InvalidInput) as caught:
        bookings.cancel_one("bk7", {**seat, "cancel_subsequent_bookings": True})
    assert caught.value.problem == "applies to a whole booking and cannot be combined with seat_uid"
