"""Checks that a decoded value loses nothing of the response and adds nothing."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from calcom_core import Booking, Page, Slots

FREE_MAPPINGS = {"metadata", "booking_fields_responses"}

# The recorded keys that a model keeps in `extra`; all other keys have fields.
EXTRA_KEYS: dict[str, set[str]] = {
    "EventType": {
        "afterEventBuffer",
        "allowReschedulingCancelledBookings",
        "allowReschedulingPastBookings",
        "beforeEventBuffer",
        "bookerActiveBookingsLimit",
        "bookingWindow",
        "calVideoSettings",
        "currency",
        "disableCancelling",
        "disableRescheduling",
        "forwardParamsSuccessRedirect",
        "hideCalendarEventDetails",
        "hideCalendarNotes",
        "hideOrganizerEmail",
        "interfaceLanguage",
        "lockTimeZoneToggleOnBookingPage",
        "metadata",
        "offsetStart",
        "onlyShowFirstAvailableSlot",
        "price",
        "scheduleId",
        "showOptimizedSlots",
        "slotInterval",
        "successRedirectUrl",
        "useDestinationCalendarEmail",
        "users",
    },
    "EventTypeField": {"disableOnPrefill"},
}


def shape_of(value: object) -> object:
    """Return the shapes and class names of a decoded value, in its lists and tuples."""
    if value is None:
        return None
    if isinstance(value, Slots):
        return {day.isoformat(): len(slots) for day, slots in value.items()}
    if isinstance(value, Page):
        return [shape_of(item) for item in value.items]
    if isinstance(value, tuple):
        return tuple(shape_of(item) for item in value)
    return value.shape.value if isinstance(value, Booking) else type(value).__name__


def snake(name: str) -> str:
    return re.sub("[A-Z]", lambda capital: "_" + capital[0].lower(), name)


def assert_same(raw: Any, value: Any, where: str) -> None:
    """Compare JSON and its decoded value recursively; neither may lack a value of the other."""
    if isinstance(value, Slots):
        assert isinstance(raw, dict), where
        assert list(raw) == [day.isoformat() for day in value], where
        for day, slots in value.items():
            assert_same(raw[day.isoformat()], slots, f"{where}.{day}")
    elif attrs.has(type(value)):
        assert isinstance(raw, dict), where
        fields = {field.name for field in attrs.fields(type(value))}
        named = {snake(key): item for key, item in raw.items()}
        assert len(named) == len(raw), where
        left = {key: item for key, item in raw.items() if snake(key) not in fields}
        assert left.keys() <= EXTRA_KEYS.get(type(value).__name__, set()), where
        assert value.extra == left, where
        for name in fields - {"extra"}:
            inner = getattr(value, name)
            if name in FREE_MAPPINGS and inner is not None:
                assert type(inner) is dict, f"{where}.{name}"
                assert inner == named[name], f"{where}.{name}"
            else:
                assert_same(named.get(name), inner, f"{where}.{name}")
    elif isinstance(value, tuple):
        assert isinstance(raw, list), where
        assert len(raw) == len(value), where
        for index, (item, inner) in enumerate(zip(raw, value, strict=True)):
            assert_same(item, inner, f"{where}[{index}]")
    elif isinstance(value, datetime):
        if isinstance(raw, int):
            same = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=raw)
        else:
            same = datetime.strptime(raw, "%Y-%m-%dT%H:%M:%S.%f%z")
        assert (value, value.utcoffset()) == (same, same.utcoffset()), where
    else:
        assert not isinstance(value, Mapping), where
        assert value == raw, where
        assert type(value) is type(raw), where


def assert_lossless(envelope: dict[str, Any], value: object) -> None:
    """Check a whole response against its decoded value."""
    if value is None:
        assert envelope in ({"status": "success"}, {"status": "success", "data": None})
    elif isinstance(value, Page):
        assert envelope.keys() == {"status", "data", "pagination"}
        assert_same(envelope["data"], value.items, "items")
        assert_same(envelope["pagination"], value.pagination, "pagination")
    else:
        assert envelope.keys() == {"status", "data"}
        assert_same(envelope["data"], value, "data")
