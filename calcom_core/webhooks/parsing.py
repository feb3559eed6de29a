"""Verify a delivery and read its body as an event.

A body is JSON with an envelope around the payload, or flat; both are accepted.
A delivery that cannot be read raises an error that holds it as an `UnknownEvent`.
The core reads no clock, so the caller passes the time to which the age of a delivery refers.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from calcom_core.checks import MISSING, found_type, seconds, string, utc_datetime
from calcom_core.errors import DeliveryTooOld, DeliveryUnreadable, InvalidInput
from calcom_core.http import Headers, HeadersInput
from calcom_core.json_text import InvalidJson, is_deeper_than, parse_json
from calcom_core.secret import hides_arguments
from calcom_core.serialization import UnexpectedValue, read
from calcom_core.webhooks.booking_events import MeetingEnded, MeetingStarted
from calcom_core.webhooks.delivery import Delivery
from calcom_core.webhooks.events import EVENTS, Event, UnknownEvent
from calcom_core.webhooks.signature import (
    MAX_BODY,
    SIGNATURE_HEADER,
    Body,
    Secrets,
    check_body,
    verify,
)

VERSION_HEADER = "X-Cal-Webhook-Version"
"""The header that holds the version of the payload."""

MAX_DEPTH = 64
"""The largest number of nested objects and arrays; real deliveries have about six."""

CLOCK_TOLERANCE = 60
"""The number of seconds by which the server's clock may be ahead, when `receive` checks the age."""

_seconds = seconds(365 * 86_400, may_be_zero=False)

_NOT_OURS = "; parse() does not read deliveries of Zapier or of a custom template"


@hides_arguments
def receive(
    headers: Headers | HeadersInput,
    body: Body,
    secrets: Secrets,
    *,
    max_body: int = MAX_BODY,
    max_age: float | None = None,
    now: datetime | None = None,
) -> Event:
    """Verify a delivery and read it as an event.

    Replay protection is up to the caller: anyone who sees a delivery can send it again.
    The server itself may deliver twice, late, out of order, or not at all.
    Store `event.delivery.identity`, and skip a delivery that you have handled.
    Pass *max_age* and *now* to refuse deliveries older than your store.

    The age counts from `event.delivery.created_at`, or else from the start or end of the meeting.
    A delivery without a time is refused, and so is one from more than `CLOCK_TOLERANCE` seconds in
    the future.

    Args:
        headers: the headers of the request, as a mapping or pairs of `str` or `bytes`.
        body: the raw body, before it is parsed or decoded.
        secrets: the secret of the webhook, or several while you change it.
        max_body: the largest size of the body in bytes.
        max_age: the largest age in seconds, above 0 and at most 31,536,000 (365 days); needs *now*.
        now: the current time, as an aware datetime.

    Raises:
        SignatureError, DeliveryTooLarge: as `verify` does.
        DeliveryUnreadable: as `parse` does.
        DeliveryTooOld: for a signed and readable delivery that is too old.
        InvalidInput: for arguments of other types, and for only one of *max_age* and *now*.
    """
    ages = _check_ages(max_age, now)
    data, fields = check_body(body, max_body), Headers(headers)
    # Repeated fields form a list (RFC 9110, 5.3), which is not a valid signature.
    verify(data, ", ".join(fields.get_all(SIGNATURE_HEADER)), secrets, max_body=max_body)
    event = _read(data, fields.get(VERSION_HEADER))
    if ages is not None:
        _refuse_old(event, *ages)
    return event


def _check_ages(max_age: float | None, now: datetime | None) -> tuple[float, datetime] | None:
    """Check *max_age* and *now* of `receive`, which need each other."""
    if max_age is None and now is None:
        return None
    if max_age is None or now is None:
        missing, other = ("max_age", "now") if max_age is None else ("now", "max_age")
        raise InvalidInput(missing, f"is missing; pass it with {other}, or pass neither")
    return _seconds(max_age, "max_age"), utc_datetime(now, "now")


def _refuse_old(event: Event, max_age: float, now: datetime) -> None:
    created = event.delivery.created_at or _time_of_meeting(event)
    age = None if created is None else (now - created).total_seconds()
    if age is None:
        problem = (
            "a delivery without a time of creation, so its age is unknown; "
            "receive it without max_age, or check error.event"
        )
    elif age > max_age:
        problem = (
            f"a delivery created {age:,.1f} seconds ago, above max_age {max_age:,}; "
            "it may be a replay"
        )
    elif age < -CLOCK_TOLERANCE:
        problem = (
            f"a delivery created {-age:,.1f} seconds after now; "
            "compare your clock with the server's"
        )
    else:
        return
    raise DeliveryTooOld(problem, event=event, age=age)


def _time_of_meeting(event: Event) -> datetime | None:
    """Return the time of an event of a meeting, when the server delivers it."""
    if isinstance(event, MeetingStarted):
        return event.start
    return event.end if isinstance(event, MeetingEnded) else None


def parse(body: Body, *, version: str | None = None, max_body: int = MAX_BODY) -> Event:
    """Read a delivery as an event, without verifying it.

    Args:
        body: the raw body, in version `2021-10-20` or `2026-07-27`, with an envelope or flat.
        version: the value of the header `X-Cal-Webhook-Version`, for `event.delivery.version`.
        max_body: the largest size of the body in bytes.

    Returns:
        An instance of a class in `EVENTS`, or an `UnknownEvent` for another trigger.

    Raises:
        DeliveryUnreadable: for a body that is not a delivery, or has values of other types.
        DeliveryTooLarge: for a body above *max_body*.
        InvalidInput: for arguments of other types.
    """
    known = None if version is None else string(version, "version")
    return _read(check_body(body, max_body), known)


def _read(data: bytes, version: str | None) -> Event:
    try:
        root = parse_json(data)
    except InvalidJson as error:
        hint = _NOT_OURS if data.strip() else "; the body may have been read before"
        raise _unreadable_error("$", "a JSON object", str(error), hint) from error
    if not isinstance(root, dict):
        raise _unreadable_error("$", "a JSON object", found_type(root))
    # Counting brackets is fast, and rules out most bodies.
    if data.count(b"{") + data.count(b"[") >= MAX_DEPTH and is_deeper_than(MAX_DEPTH, root):
        raise _unreadable_error("$", "a delivery", "JSON that is nested too deeply")
    if not isinstance(root.get("triggerEvent"), str):
        found = found_type(root.get("triggerEvent", MISSING))
        raise _unreadable_error("$.triggerEvent", "a string", found, _NOT_OURS)
    # The identity is the whole body: two hosts may miss the same call at the same time.
    return _event(root, sha256(data).hexdigest(), version)


def _event(root: Mapping[str, Any], identity: str, version: str | None) -> Event:
    trigger = root["triggerEvent"]
    cls = EVENTS.get(trigger, UnknownEvent)
    outer_keys = {key: value for key, value in root.items() if key != "triggerEvent"}
    steps = []
    if isinstance(root.get("payload"), dict):
        payload, steps = outer_keys.pop("payload"), ["payload"]
    else:
        payload, outer_keys = outer_keys, {}
        # In a flat delivery of a meeting, `createdAt` is that of the booking.
        if "createdAt" in payload and not hasattr(cls, "created_at"):
            outer_keys["createdAt"] = payload.pop("createdAt")
    place: list[str] = []
    delivery = Delivery(trigger=trigger, identity=identity, version=version, extra=outer_keys)
    try:
        envelope = {"triggerEvent": trigger, **outer_keys}
        delivery = read(Delivery, envelope, identity=identity, version=version)
        place = steps
        return read(cls, payload, delivery=delivery)
    except UnexpectedValue as error:
        error.path[:0] = place
        raise _unreadable_error(
            error.json_path,
            error.expected,
            error.found,
            f"{error.also_missing}; error.event holds the JSON",
            UnknownEvent(delivery=delivery, extra=payload),
        ) from error


def _unreadable_error(
    path: str, expected: str, found: str, rest: str = "", event: UnknownEvent | None = None
) -> DeliveryUnreadable:
    return DeliveryUnreadable(
        f"a delivery with {found} at {path} instead of {expected}{rest}",
        path=path,
        found=found,
        event=event,
    )
