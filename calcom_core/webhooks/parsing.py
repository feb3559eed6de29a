"""Reads the body of a delivery as an event."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from calcom_core.checks import MISSING, found_type, string, utc_datetime
from calcom_core.errors import CalcomError, DeliveryTooOld, DeliveryUnreadable, InvalidInput
from calcom_core.http import Headers, HeadersInput
from calcom_core.json_text import InvalidJson, is_deeper_than, parse_json
from calcom_core.serialization import UnexpectedValue, read
from calcom_core.webhooks.booking_events import MeetingEnded, MeetingStarted
from calcom_core.webhooks.delivery import Delivery
from calcom_core.webhooks.events import EVENTS, Event, UnknownEvent
from calcom_core.webhooks.signature import (
    MAX_BODY,
    SIGNATURE_HEADER,
    Body,
    Secrets,
    bytes_of,
    signature_problem,
)

VERSION_HEADER = "X-Cal-Webhook-Version"
"""The header that holds the version of the payload."""

MAX_DEPTH = 64
"""Within how many objects and arrays nothing may lie any more; real ones are some six deep."""

CLOCK_TOLERANCE = 60
"""How many seconds the server's clock may be ahead where `receive` looks at the age."""

_LONGEST_AGE = 365 * 86_400

_NOT_OURS = "; one of Zapier, or of a template of its own, is yours to read"


def receive(
    headers: Headers | HeadersInput,
    body: Body,
    secrets: Secrets,
    *,
    max_body: int = MAX_BODY,
    max_age: float | None = None,
    now: datetime | None = None,
) -> Event:
    """Verify a delivery, and read it.

    Replay protection is yours: anyone who has seen a delivery can send it again.
    The server itself may deliver twice, late, in another order, or not at all.
    Remember `event.delivery.identity`, and do nothing for one that you have seen;
    give *max_age* and *now* to refuse one that is older than you remember.
    The age counts from `event.delivery.created_at`.
    A meeting that starts or ends may not say it: then its start or its end counts.
    A delivery that says neither is refused, and so is one from more than `CLOCK_TOLERANCE` seconds
    in the future.

    Arguments:
        headers: those of the request, as a mapping or as pairs, of `str` or of `bytes`.
        body: the body as it came, before anything parses or decodes it.
        secrets: the secret of the webhook, or several while you change it.
        max_body: how many bytes the body may have.
        max_age: how many seconds ago the server may have made the delivery, above 0 and at most
            31,536,000, which are 365 days; goes with *now*.
        now: the time, as an aware datetime.

    Raises what `verify` and `parse` raise, and `InvalidInput` for headers that are none, and for
    one of *max_age* and *now* without the other.
    Raises `DeliveryTooOld` for a delivery that is signed, readable and too old.
    """
    data = bytes_of(body, max_body)
    fields = _verified(headers, data, secrets)
    del headers, secrets  # tools that show the locals of a failing frame would show them
    ages = _ages(max_age, now)
    if isinstance(fields, CalcomError):
        raise fields
    event = _read(data, fields.get(VERSION_HEADER))
    if ages is not None:
        _refuse_old(event, *ages)
    return event


def _ages(max_age: float | None, now: datetime | None) -> tuple[float, datetime] | None:
    """Check the two arguments of `receive`, which go together."""
    if max_age is None and now is None:
        return None
    if max_age is None or now is None:
        missing, other = ("max_age", "now") if max_age is None else ("now", "max_age")
        raise InvalidInput(missing, f"is missing; give it with {other}, or give neither")
    number = isinstance(max_age, (int, float)) and not isinstance(max_age, bool)
    if not number or not 0 < max_age <= _LONGEST_AGE:
        raise InvalidInput(
            "max_age",
            f"must be a number of seconds, above 0 and at most {_LONGEST_AGE:,}; "
            "of a timedelta, give total_seconds()",
        )
    return max_age, utc_datetime(now, "now")


def _refuse_old(event: Event, max_age: float, now: datetime) -> None:
    made = event.delivery.created_at or _time_of_meeting(event)
    if made is None:
        raise DeliveryTooOld(
            "a delivery that does not say when it was made, so that its age is unknown; "
            "receive it without max_age, or look at error.event",
            event=event,
            age=None,
        )
    age = (now - made).total_seconds()
    if age > max_age:
        raise DeliveryTooOld(
            f"a delivery that was made {age:,.1f} seconds ago, where max_age is {max_age:,}; "
            "somebody may have sent it again",
            event=event,
            age=age,
        )
    if age < -CLOCK_TOLERANCE:
        raise DeliveryTooOld(
            f"a delivery that was made {-age:,.1f} seconds after now; "
            "compare your clock with the server's",
            event=event,
            age=age,
        )


def _time_of_meeting(event: Event) -> datetime | None:
    """Return the time at which the server delivers an event of a meeting."""
    if isinstance(event, MeetingStarted):
        return event.start
    return event.end if isinstance(event, MeetingEnded) else None


def _verified(
    headers: Headers | HeadersInput, body: bytes | CalcomError, secrets: Secrets
) -> Headers | CalcomError:
    fields = _fields(headers)
    if isinstance(fields, InvalidInput):
        return fields
    # Several fields of one name are one list (RFC 9110, 5.3), which is no signature.
    signature = ", ".join(fields.get_all(SIGNATURE_HEADER))
    return signature_problem(body, signature, secrets) or fields


def _fields(headers: Headers | HeadersInput) -> Headers | InvalidInput:
    # The error remembers the frame that catches it, which holds no secret here.
    try:
        return Headers(headers)
    except InvalidInput as error:
        return error


def parse(body: Body, *, version: str | None = None, max_body: int = MAX_BODY) -> Event:
    """Read a delivery, without looking whether it is from Cal.com.

    Arguments:
        body: the body as it came; both forms are read, with an envelope and flat, and the payloads
            of the versions `2021-10-20` and `2026-07-27`.
        version: what the header `X-Cal-Webhook-Version` says; it is only handed on.
        max_body: how many bytes the body may have.

    Returns one of the classes of `EVENTS`, or an `UnknownEvent` if the trigger is none of theirs.

    Raises `DeliveryUnreadable` where the body is no delivery, or has other types than are known,
    `DeliveryTooLarge` where it is too large, and `InvalidInput` for arguments of other types.
    """
    known = None if version is None else string(version, "version")
    return _read(bytes_of(body, max_body), known)


def _read(data: bytes | CalcomError, version: str | None) -> Event:
    if isinstance(data, CalcomError):
        raise data
    try:
        root = parse_json(data)
    except InvalidJson as error:
        hint = _NOT_OURS if data.strip() else "; was it read before?"
        raise _unreadable("$", "a JSON object", str(error), hint) from error
    if not isinstance(root, dict):
        raise _unreadable("$", "a JSON object", found_type(root))
    # Few have brackets enough to be that deep.
    if data.count(b"{") + data.count(b"[") >= MAX_DEPTH and is_deeper_than(MAX_DEPTH, root):
        raise _unreadable("$", "a delivery", "JSON that is nested too deeply")
    if not isinstance(root.get("triggerEvent"), str):
        found = found_type(root.get("triggerEvent", MISSING))
        raise _unreadable("$.triggerEvent", "a string", found, _NOT_OURS)
    # Not what it is about and when: two hosts who miss a call at once are two.
    return _event(root, sha256(data).hexdigest(), version)


def _event(root: Mapping[str, Any], identity: str, version: str | None) -> Event:
    trigger = root["triggerEvent"]
    cls = EVENTS.get(trigger, UnknownEvent)
    beside = {key: value for key, value in root.items() if key != "triggerEvent"}
    steps = []
    if isinstance(root.get("payload"), dict):
        payload, steps = beside.pop("payload"), ["payload"]
    else:
        payload, beside = beside, {}
        # The time in a flat one may be that of the booking.
        if "createdAt" in payload and not hasattr(cls, "created_at"):
            beside["createdAt"] = payload.pop("createdAt")
    place: list[str] = []
    delivery = Delivery(trigger=trigger, identity=identity, version=version, extra=beside)
    try:
        envelope = {"triggerEvent": trigger, **beside}
        delivery = read(Delivery, envelope, identity=identity, version=version)
        place = steps
        return read(cls, payload, delivery=delivery)
    except UnexpectedValue as error:
        error.path[:0] = place
        raise _unreadable(
            error.json_path,
            error.expected,
            error.found,
            f"{error.also_missing}; as it came, it is in error.event",
            UnknownEvent(delivery=delivery, extra=payload),
        ) from error


def _unreadable(
    path: str, expected: str, found: str, rest: str = "", event: UnknownEvent | None = None
) -> DeliveryUnreadable:
    return DeliveryUnreadable(
        f"a delivery with {found} at {path}, where {expected} belongs{rest}",
        path=path,
        found=found,
        event=event,
    )
