"""Whatever is delivered: an event, or one of our errors, in linear time and within bounds."""

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


def taken(body: bytes) -> Any:
    """Read a body as an event that is usable, or as the error for one that is not."""
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
    taken(body)


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
    taken(json.dumps({**root, "triggerEvent": trigger}).encode())


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Give every place in JSON, as what holds it and its key or index."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for key, value in list(items):
        yield tree, key
        if isinstance(value, dict | list):
            yield from places(value)


ODD: list[Any] = [
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
def test_any_value_may_be_odd_or_missing_at_any_place(name: str) -> None:
    root = json.loads(BODIES[name])
    for holder, key in places(root):
        value = holder[key]
        for odd in ODD:
            holder[key] = odd
            taken(json.dumps(root).encode())
        holder[key] = value
        if isinstance(holder, dict):
            items = list(holder.items())
            del holder[key]
            taken(json.dumps(root).encode())
            holder.clear()
            holder.update(items)
    assert json.dumps(root) == json.dumps(json.loads(BODIES[name]))


def damaged(body: bytes, chance: random.Random) -> bytes:
    """Return a body in which something was lost, doubled, swapped or changed."""
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
    outcomes = {type(taken(damaged(chance.choice(bodies), chance))).__name__ for _ in range(6000)}
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
def test_no_signature_that_was_made_without_the_secret_passes(
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
def test_whatever_stands_in_headers_nothing_unsigned_is_received(
    headers: list[tuple[str, str]],
) -> None:
    with pytest.raises(SignatureError):
        webhooks.receive(headers, b'{"triggerEvent": "PING"}', SECRET)


# The bounds.


def of_size(size: int) -> bytes:
    start, end = b'{"triggerEvent":"PING","x":"', b'"}'
    return start + b"y" * (size - len(start) - len(end)) + end


def test_a_delivery_may_have_a_mebibyte_unless_more_are_allowed() -> None:
    assert len(webhooks.parse(of_size(2**20)).extra["x"]) == 2**20 - 30
    with pytest.raises(DeliveryTooLarge) as caught:
        webhooks.parse(of_size(2**20 + 1))
    assert str(caught.value) == (
        "a delivery of 1048577 bytes, above max_body 1048576; increase max_body"
    )
    webhooks.parse(of_size(2**20 + 1), max_body=2**20 + 1)
    with pytest.raises(DeliveryTooLarge):
        webhooks.parse(of_size(100), max_body=99)


def test_what_is_too_large_is_not_even_verified() -> None:
    with pytest.raises(DeliveryTooLarge):
        webhooks.verify(of_size(2**20 + 1), None, SECRET)
    with pytest.raises(DeliveryTooLarge):
        webhooks.receive({}, of_size(101), SECRET, max_body=100)
    with pytest.raises(SignatureError):
        webhooks.receive({}, of_size(100), SECRET, max_body=100)
    with pytest.raises(DeliveryTooLarge):
        webhooks.verify(memoryview(bytes(100)).cast("I"), None, SECRET, max_body=99)


def nested(levels: int) -> bytes:
    """Return a delivery with that many objects and arrays in each other."""
    return b'{"triggerEvent":"X","x":%b5%b}' % (b"[" * (levels - 1), b"]" * (levels - 1))


def test_a_delivery_may_be_nested_63_deep() -> None:
    assert webhooks.parse(nested(63)).delivery.trigger == "X"
    for levels in (64, 65, 100, 1000, 100_000):
        with pytest.raises(DeliveryUnreadable, match="nested too deeply") as caught:
            webhooks.parse(nested(levels))
        assert (caught.value.path, caught.value.event) == ("$", None)
    wide = b'{"triggerEvent":"X","x":[%b5]}' % (b"[]," * 1000)
    assert len(webhooks.parse(wide).extra["x"]) == 1001


# Linear time: twice as much takes twice as many steps, in the worst forms that come to mind.


def steps(run: Callable[[], object]) -> int:
    """Count the functions called, of Python and of C; they do not depend on the machine.

    Nor on when garbage is collected, which calls Hypothesis.
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
    "attendees, the last one odd": many(
        lambda n: b'"uid":"x","attendees":[%b,5]' % b",".join([PERSON] * n)
    ),
    "members of a team, the last one odd": many(
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
def test_twice_as_much_takes_twice_as_many_steps(name: str) -> None:
    taken(WORST[name](10))  # what is made once
    once, twice, thrice = (
        steps(lambda size=size: taken_only(WORST[name](size)))  # type: ignore[misc]
        for size in (500, 1000, 1500)
    )
    assert twice - once <= 1.05 * once
    # What the stack is too small for takes fewer than what is a little smaller and no JSON.
    assert thrice - twice <= 1.05 * max(twice - once, 0)


def taken_only(body: bytes) -> None:
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
def test_a_large_delivery_is_soon_read_or_refused(name: str) -> None:
    # A square of a million steps would not end while somebody waits.
    taken(LARGE[name])
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
