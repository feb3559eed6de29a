"""Reads the body of a delivery as an event (CONTRACT E.2)."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from calcom_core.errors import CalcomError, DeliveryUnreadable, InvalidInput
from calcom_core.http import Headers, HeadersInput
from calcom_core.model.fields import kind
from calcom_core.webhooks.delivery import Delivery
from calcom_core.webhooks.events import EVENTS, Event, UnknownEvent
from calcom_core.webhooks.signature import (
    MAX_BODY,
    SIGNATURE_HEADER,
    Body,
    Secrets,
    body_problem,
    signature_problem,
)
from calcom_core.wire import MISSING, NotJson, Odd, is_as_deep_as, kind_found, read
from calcom_core.wire import parse as parse_json

VERSION_HEADER = "X-Cal-Webhook-Version"
"""The header that holds the version of the payload."""

MAX_DEPTH = 64
"""Within how many objects and arrays nothing may lie any more; real ones are some six deep."""

# What a delivery is about; together with its trigger and time it is one of a kind (CONTRACT E.1).
_SUBJECT = ("uid", "bookingUid", "bookingId", "id", "attendeeSeatId", "responseId")

_NOT_OURS = "; one of Zapier, or of a template of its own, is yours to read"


def receive(
    headers: Headers | HeadersInput, body: Body, secrets: Secrets, *, max_body: int = MAX_BODY
) -> Event:
    """Verify a delivery, and read it.

    Replay protection is yours: whoever has seen a delivery can send it again, and the server itself
    may deliver twice, late, in another order, or not at all.
    Remember `event.delivery.identity`, and do nothing for one that you have seen;
    refuse one whose `event.delivery.created_at` is longer ago than you remember.

    Arguments:
        headers: those of the request, as a mapping or as pairs, of `str` or of `bytes`.
        body: the body as it came, before anything parses or decodes it.
        secrets: the secret of the webhook, or several while you change it.
        max_body: how many bytes the body may have.

    Raises what `verify` and `parse` raise, and `InvalidInput` for headers that are none.
    """
    fields = _verified(headers, body, secrets, max_body)
    del secrets  # what shows the locals of a failing frame, as pytest can, would show them
    if isinstance(fields, CalcomError):
        raise fields
    return parse(body, version=fields.get(VERSION_HEADER), max_body=max_body)


def _verified(
    headers: Headers | HeadersInput, body: Body, secrets: Secrets, max_body: int
) -> Headers | CalcomError:
    fields = _fields(headers)
    if isinstance(fields, InvalidInput):
        return fields
    # Several fields of one name are one list (RFC 9110, 5.3), which is no signature.
    signature = ", ".join(fields.get_all(SIGNATURE_HEADER))
    return signature_problem(body, signature, secrets, max_body) or fields


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
    and `InvalidInput` where it is not bytes.
    """
    problem = body_problem(body, max_body)
    if problem is not None:
        raise problem
    data = bytes(body)
    try:
        root = parse_json(data)
    except NotJson as error:
        raise _unreadable("$", "a JSON object", str(error), _NOT_OURS) from error
    if not isinstance(root, dict):
        raise _unreadable("$", "an object", kind(root))
    # Few have brackets enough to be that deep.
    if data.count(b"{") + data.count(b"[") >= MAX_DEPTH and is_as_deep_as(MAX_DEPTH, root):
        raise _unreadable("$", "a delivery", "JSON that is nested too deeply")
    if not isinstance(root.get("triggerEvent"), str):
        found = kind_found(root.get("triggerEvent", MISSING))
        raise _unreadable("$.triggerEvent", "a string", found, _NOT_OURS)
    return _event(root, version)


def _event(root: Mapping[str, Any], version: str | None) -> Event:
    trigger = root["triggerEvent"]
    inner = root.get("payload")
    if isinstance(inner, dict):
        payload, steps = inner, ["payload"]
        envelope = {key: value for key, value in root.items() if key != "payload"}
    else:
        # The time in a flat one is that of the booking.
        payload, steps = {k: v for k, v in root.items() if k != "triggerEvent"}, []
        envelope = {"triggerEvent": trigger}
    given = {"identity": _identity(root, payload), "version": version}
    try:
        delivery = read(Delivery, envelope, **given)
    except Odd as odd:
        raise _unreadable(odd.json_path, odd.expected, odd.found) from odd
    cls = EVENTS.get(trigger, UnknownEvent)
    try:
        return read(cls, payload, delivery=delivery)
    except Odd as odd:
        odd.path[:0] = steps
        event = read(UnknownEvent, payload, delivery=delivery)
        rest = f"; as it came, the {trigger} is in error.event"
        raise _unreadable(odd.json_path, odd.expected, odd.found, rest, event) from odd


def _identity(root: Mapping[str, Any], payload: Mapping[str, Any]) -> str:
    # Not the bytes: a server that tries again may write them anew.
    subject = [payload.get(key) for key in _SUBJECT]
    if not any(subject):
        subject = [payload]
    facts = [root["triggerEvent"], root.get("createdAt"), *subject]
    return sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _unreadable(
    path: str, expected: str, found: str, rest: str = "", event: UnknownEvent | None = None
) -> DeliveryUnreadable:
    return DeliveryUnreadable(
        f"a delivery with {found} at {path}, where {expected} belongs{rest}",
        path=path,
        found=found,
        event=event,
    )
