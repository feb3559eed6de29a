"""Any delivery parses as an event or raises one of our errors, in bounded linear time."""

import gc
import json
import pickle
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from core_deliveries import BODIES, RECORDED, SECRET
from hypothesis import given, settings
from hypothesis import strategies as st

from calcom_core import DeliveryTooLarge, DeliveryUnreadable, InvalidInput, SignatureError, webhooks
from calcom_core.webhooks import Event, UnknownEvent

KINDS = Event.__args__


def receive(body: bytes) -> Any:
    """Parse a body as an event and use it, or return its error."""
    try:
        event = webhooks.parse(body)
    except DeliveryUnreadable as error:
        unreadable = error
    else:
        unreadable = None
    if unreadable is not None:
        assert len(str(unreadable)) < 300
        assert unreadable.path.startswith("$")
        if unreadable.event is None:
            return unreadable
        event = unreadable.event
        assert type(event) is UnknownEvent
    assert type(event) in KINDS
    assert repr(event)
    assert pickle.loads(pickle.dumps(event)) == event
    assert hash(event) == hash(event)
    try:
        event.booking()
    except InvalidInput as refused:
        assert refused.field == "booking_uid"  # noqa: PT017 - either is right
    return event


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["2031-03-04T09:30:00Z", "bk7", "", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
KEYS = sorted(
    {
        key
        for body in BODIES.values()
        for key in [*json.loads(body), *json.loads(body).get("payload", {})]
    }
)


@settings(max_examples=3 * settings().max_examples)
@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode()))
def test_any_bytes_are_an_event_or_an_error(body: bytes) -> None:
    receive(body)


@settings(max_examples=3 * settings().max_examples)
@given(
    st.sampled_from([*webhooks.EVENTS, "SOMETHING_NEW"]),
    st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), JSON, max_size=6),
    st.booleans(),
)
def test_any_json_is_an_event_or_an_error(
    trigger: str, payload: dict[str, Any], enveloped: bool
) -> None:
    root = {"payload": payload} if enveloped else payload
    receive(json.dumps({**root, "triggerEvent": trigger}).encode())


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place in JSON: its container and its key or index."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in list(items):
        yield tree, key
        if isinstance(value, dict | list):
            yield from places(value)


UNEXPECTED: list[Any] = [
    *(
        None,
        True,
        0,
        -1,
        2**64,
        10**400,
        1.5,
        float("inf"),
        "",
        "x",
        "\ud800",
        "2031-03-04T09:30:00",
    ),
    *([], [None], [[]], {}, {"email": None}, {"": {}}),
]


@pytest.mark.exhaustive(sample=2)
@pytest.mark.parametrize(
    "name",
    [
        "05-BOOKING_CREATED-fields",
        "06-BOOKING_RESCHEDULED-normal-resched",
        "30-BOOKING_CANCELLED-recurring-seated",
        *("18-BOOKING_REJECTED-confirm", "33-BOOKING_NO_SHOW_UPDATED-x", "2026-07-27"),
        *("wh_meeting_ended", "wh_ping", "wh_form"),
    ],
)
def test_any_value_may_be_unexpected_or_missing_anywhere(name: str) -> None:
    root = json.loads(BODIES[name])
    for holder, key in places(root):
        value = holder[key]
        for unexpected in UNEXPECTED:
            holder[key] = unexpected
            receive(json.dumps(root).encode())
        holder[key] = value
        if isinstance(holder, dict):
            items = list(holder.items())
            del holder[key]
            receive(json.dumps(root).encode())
            holder.clear()
            holder.update(items)
    assert json.dumps(root) == json.dumps(json.loads(BODIES[name]))


def damaged(body: bytes, chance: random.Random) -> bytes:
    """Return a body with a random deletion, duplication, swap or change."""
    first, last = sorted(chance.randrange(len(body) + 1) for _ in range(2))
    match chance.randrange(5):
        case 0:
            return body[:first] + body[last:]
        case 1:
            return body[:last] + body[first:]
        case 2:
            return body[:first] + bytes([chance.randrange(256)]) + body[first + 1 :]
        case 3:
            return body[:first] + chance.choice(FRAGMENTS) + body[first:]
    return body[:first] + chance.choice(FRAGMENTS) + body[last:]


FRAGMENTS = [
    *(b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\", b"\\u0000", b"\\ud800", b"null", b"1e999"),
    *(b"9" * 5000, b"[" * 100, b"\xff", b"\xef\xbb\xbf", b"\0", b"NaN", b'"payload":', b'"uid":'),
    *(b'"triggerEvent":"PING",', b"-", b".", b"\n", b" "),
]


def test_a_corpus_of_damaged_deliveries_raises_only_our_errors() -> None:
    chance = random.Random(4711)
    bodies = list(BODIES.values())
    outcomes = {type(receive(damaged(chance.choice(bodies), chance))).__name__ for _ in range(6000)}
    assert outcomes == {
        *("BookingCancelled", "BookingCreated", "BookingNoShowUpdated", "BookingRejected"),
        *("BookingRequested", "BookingRescheduled", "DeliveryUnreadable", "FormSubmitted"),
        *("MeetingEnded", "Ping", "UnknownEvent"),
    }


@settings(max_examples=3 * settings().max_examples)
@given(
    st.binary(max_size=64),
    st.none() | st.text(max_size=80) | st.binary(max_size=80) | st.from_regex(r"[0-9a-f]{64}"),
    st.text(min_size=1, max_size=8) | st.lists(st.text(max_size=8), max_size=3),
)
def test_no_signature_made_without_the_secret_passes(
    body: bytes, signature: Any, secrets: Any
) -> None:
    with pytest.raises((SignatureError, InvalidInput)):
        webhooks.verify(body, signature, secrets)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["X-Cal-Signature-256", "X-Cal-Webhook-Version"]) | st.text(max_size=9),
            st.text(max_size=9),
        ),
        max_size=4,
    )
)
def test_no_headers_make_an_unsigned_delivery_acceptable(
    headers: list[tuple[str, str]],
) -> None:
    with pytest.raises(SignatureError):
        webhooks.receive(headers, b'{"triggerEvent": "PING"}', SECRET)


# Bounds.


def of_size(size: int) -> bytes:
    start, end = b'{"triggerEvent":"PING","x":"', b'"}'
    return start + b"y" * (size - len(start) - len(end)) + end


def test_a_delivery_is_at_most_a_mebibyte_by_default() -> None:
    assert len(webhooks.parse(of_size(2**20)).extra["x"]) == 2**20 - 30
    with pytest.raises(DeliveryTooLarge) as caught:
        webhooks.parse(of_size(2**20 + 1))
    assert str(caught.value) == (
        "a delivery of 1048577 bytes, above max_body 1048576; increase max_body"
    )
    webhooks.parse(of_size(2**20 + 1), max_body=2**20 + 1)
    with pytest.raises(DeliveryTooLarge):
        webhooks.parse(of_size(100), max_body=99)


def test_an_oversized_delivery_is_not_verified() -> None:
    with pytest.raises(DeliveryTooLarge):
        webhooks.verify(of_size(2**20 + 1), None, SECRET)
    with pytest.raises(DeliveryTooLarge):
        webhooks.receive({}, of_size(101), SECRET, max_body=100)
    with pytest.raises(SignatureError):
        webhooks.receive({}, of_size(100), SECRET, max_body=100)
    with pytest.raises(DeliveryTooLarge):
        webhooks.verify(memoryview(bytes(100)).cast("I"), None, SECRET, max_body=99)


def nested(levels: int) -> bytes:
    """Return a delivery with objects and arrays nested to that depth."""
    return b'{"triggerEvent":"X","x":%b5%b}' % (b"[" * (levels - 1), b"]" * (levels - 1))


def test_a_delivery_may_be_nested_63_deep() -> None:
    assert webhooks.parse(nested(63)).delivery.trigger == "X"
    for levels in (64, 65, 100, 1000, 100_000):
        with pytest.raises(DeliveryUnreadable, match="nested too deeply") as caught:
            webhooks.parse(nested(levels))
        assert (caught.value.path, caught.value.event) == ("$", None)
    wide = b'{"triggerEvent":"X","x":[%b5]}' % (b"[]," * 1000)
    assert len(webhooks.parse(wide).extra["x"]) == 1001


# Linear time: twice the input takes twice the steps, in adversarial forms.


def steps(run: Callable[[], object]) -> int:
    """Count the calls of Python and C functions, which do not depend on the machine.

    Garbage collection is off, since it calls Hypothesis.
    """
    count = 0

    def profile(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    gc.disable()
    sys.setprofile(profile)
    try:
        run()
    finally:
        sys.setprofile(before)
        gc.enable()
    return count


def many(payload: Callable[[int], bytes]) -> Callable[[int], bytes]:
    return lambda size: b'{"triggerEvent":"BOOKING_CREATED","payload":{%b}}' % payload(size)


PERSON = b'{"email":"a@b.test","language":{"locale":"en"},"x":{"y":[1,2,3]}}'
WORST: dict[str, Callable[[int], bytes]] = {
    "attendees": many(lambda n: b'"uid":"x","attendees":[%b]' % b",".join([PERSON] * n)),
    "attendees, the last one invalid": many(
        lambda n: b'"uid":"x","attendees":[%b,5]' % b",".join([PERSON] * n)
    ),
    "members of a team, the last one invalid": many(
        lambda n: b'"uid":"x","team":{"members":[%b,{}]}' % b",".join([PERSON] * n)
    ),
    "unknown keys": many(
        lambda n: b'"uid":"x",%b' % b",".join(b'"k%d":[[]]' % key for key in range(n))
    ),
    "the same key": many(lambda n: b'"uid":"x",%b' % b",".join([b'"title":{}'] * n)),
    "keys beside the payload": lambda n: (
        b'{"triggerEvent":"FORM_SUBMITTED","payload":{},%b}'
        % b",".join(b'"k%d":[1]' % key for key in range(n))
    ),
    "no trigger": lambda n: b"{%b}" % b",".join(b'"k%d":[1]' % key for key in range(n)),
    "brackets that close": lambda n: b'{"triggerEvent":"X","x":[%b]}' % b",".join([b"[[]]"] * n),
    "brackets that do not close": lambda n: b'{"triggerEvent":"X","x":%b' % (b"[{}," * n),
    "an unknown kind of form": lambda n: (
        b'{"triggerEvent":"X","payload":{"responses":[%b]}}' % b",".join([PERSON] * n)
    ),
}


@pytest.mark.parametrize("name", WORST)
def test_twice_the_input_takes_twice_the_steps(name: str) -> None:
    receive(WORST[name](10))  # warm the caches
    once, twice, thrice = (
        steps(lambda size=size: receive_only(WORST[name](size)))  # type: ignore[misc]
        for size in (500, 1000, 1500)
    )
    assert twice - once <= 1.05 * once
    # A body too deep for the stack takes fewer steps than a shallower body of invalid JSON.
    assert thrice - twice <= 1.05 * max(twice - once, 0)


def receive_only(body: bytes) -> None:
    with suppress(DeliveryUnreadable):
        webhooks.parse(body)


LARGE: dict[str, bytes] = {
    "nothing but spaces": b" " * 2**20,
    "opening brackets": b"[" * 2**20,
    "opening braces": b'{"":' * 2**18,
    "a string without an end": b'"' + b"x" * (2**20 - 1),
    "escapes": b'"' + b"\\u00" * 2**17 + b'"',
    "backslashes": b"\\" * 2**20,
    "digits": b"9" * 2**20,
    "a fraction of many digits": b"0." + b"9" * (2**20 - 2),
    "a number with a great exponent": b"1e" + b"9" * (2**20 - 2),
    "a time of many digits": b'{"triggerEvent":"X","payload":{},"createdAt":"%b"}' % (b"2" * 10**6),
    "a trigger without end": b'{"triggerEvent":"%b"}' % (b"X" * 10**6),
    "a uid without end": b'{"triggerEvent":"BOOKING_CREATED","uid":"%b"}' % (b"x" * 10**6),
    "zero bytes": bytes(2**20),
    "bytes that are not UTF-8": b"\xe2\x82" * 2**19,
    **{f"many: {name}": worst(3000) for name, worst in WORST.items()},
}


@pytest.mark.exhaustive(sample=8)
@pytest.mark.parametrize("name", LARGE)
def test_a_large_delivery_is_quickly_parsed_or_refused(name: str) -> None:
    # Quadratic time would take hours here.
    receive(LARGE[name])
    with pytest.raises(SignatureError):
        webhooks.receive({"x-cal-signature-256": "0" * 64}, LARGE[name], SECRET)
    with pytest.raises(SignatureError):
        webhooks.receive({"x-cal-signature-256": LARGE[name].decode("latin-1")}, b"", SECRET)


def test_many_signatures_and_headers_take_linear_time() -> None:
    recorded = RECORDED["33-BOOKING_NO_SHOW_UPDATED-x"]
    other = [(f"x-{number}", "y") for number in range(20_000)]
    webhooks.receive([*other, *recorded.headers], recorded.body, SECRET)
    with pytest.raises(SignatureError):
        webhooks.receive([("X-Cal-Signature-256", "0" * 64)] * 20_000, recorded.body, SECRET)
