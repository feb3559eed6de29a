"""The recorded webhook deliveries, and the check that an event loses nothing of one."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs
from attrs import frozen

FOLDER = Path(__file__).parent.parent / "deliveries"
SECRET = "whsec_test_secret"


@frozen
class Recorded:
    """A delivery of a server, signed with `SECRET`."""

    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def signature(self) -> str:
        """The value of the signature header."""
        return dict(self.headers)["X-Cal-Signature-256"]


def _recorded(path: Path) -> Recorded:
    delivery = json.loads(path.read_text("utf-8"))
    headers = tuple((name, value) for name, value in delivery["headers"])
    return Recorded(headers, delivery["raw_body"].encode())


RECORDED = {
    path.stem.removeprefix("webhook-"): _recorded(path)
    for path in sorted(FOLDER.glob("webhook-*.json"))
}
EXAMPLES: dict[str, Any] = json.loads((FOLDER / "examples.json").read_text("utf-8"))
NEWER = (FOLDER / "webhook_2026-07-27_BOOKING_CREATED.json").read_bytes()
NO_DELIVERY = (FOLDER / "webhook_create_response.json").read_bytes()
SIGNED = EXAMPLES.pop("signature_vector")

BODIES = {
    **{name: delivery.body for name, delivery in RECORDED.items()},
    **{name: json.dumps(root).encode() for name, root in EXAMPLES.items()},
    "2026-07-27": NEWER,
}
"""The body of every delivery."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT")

# Keys that are read under other names, in all classes or in one.
_NAMES = {
    "startTime": "start",
    "endTime": "end",
    "iCalUID": "ics_uid",
    "iCalSequence": "ics_sequence",
    "attendeeSeatId": "seat_uid",
    "bookingUid": "uid",
    "rescheduleUid": "old_uid",
    "rescheduleId": "old_booking_id",
    "rescheduleStartTime": "old_start",
    "rescheduleEndTime": "old_end",
    "recurringEventId": "recurring_booking_uid",
    "fromReschedule": "rescheduled_from_uid",
    "noShowHost": "absent_host",
    "oooEntry": "out_of_office",
    "booking": "reported",
}
_NAMES_IN = {
    ("MeetingStarted", "id"): "booking_id",
    ("MeetingEnded", "id"): "booking_id",
}


def assert_nothing_lost(raw: Mapping[str, Any], event: Any) -> None:
    """Compare a delivery and its event recursively; neither may lack a value of the other."""
    enveloped = isinstance(raw.get("payload"), dict)
    outside = dict(raw) if enveloped else {"triggerEvent": raw["triggerEvent"]}
    inside = outside.pop("payload") if enveloped else dict(raw)
    if not enveloped:
        del inside["triggerEvent"]
    delivery = event.delivery
    assert delivery.trigger == outside.pop("triggerEvent")
    _assert_same(outside.pop("createdAt", None), delivery.created_at, "createdAt")
    assert delivery.extra == outside
    _assert_same(inside, event, "payload")


def _assert_same(raw: Any, value: Any, where: str) -> None:
    if attrs.has(type(value)):
        assert isinstance(raw, dict), where
        _assert_same_fields(raw, value, where)
    elif isinstance(value, tuple):
        assert isinstance(raw, list), where
        for index, (item, inner) in enumerate(zip(raw, value, strict=True)):
            _assert_same(item, inner, f"{where}[{index}]")
    elif isinstance(value, datetime):
        assert isinstance(raw, str), where
        form = "%Y-%m-%dT%H:%M:%S.%f%z" if "." in raw else "%Y-%m-%dT%H:%M:%S%z"
        same = datetime.strptime(raw, form)
        assert (value, value.utcoffset()) == (same, same.utcoffset()), where
    else:
        assert (raw, type(raw)) == (value, type(value)), where
        assert not _TIME.match(raw if isinstance(raw, str) else ""), where


def _assert_same_fields(raw: dict[str, Any], value: Any, where: str) -> None:
    fields = {field.name for field in attrs.fields(type(value))} - {"delivery", "extra"}
    seen, unknown = set(), {}
    for key, item in raw.items():
        snake = re.sub("[A-Z]", lambda capital: "_" + capital[0].lower(), key)
        name = _NAMES_IN.get((type(value).__name__, key), _NAMES.get(key, snake))
        if name in fields:
            seen.add(name)
            _assert_same(item, getattr(value, name), f"{where}.{name}")
        else:
            unknown[key] = item
    assert value.extra == unknown, where
    assert {name for name in fields - seen if getattr(value, name) is not None} == set(), where
