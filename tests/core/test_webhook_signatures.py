"""Only a delivery signed with one of our secrets passes, and nothing shows the secret."""

import base64
import pickle
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from core_deliveries import NO_DELIVERY, RECORDED, SECRET, SIGNED, Recorded

from calcom_core import (
    DeliveryUnreadable,
    InvalidInput,
    SignatureError,
    SignatureMalformed,
    SignatureMismatch,
    SignatureMissing,
    WebhookError,
    WebhookWithoutSecret,
)
from calcom_core.secret import Secret
from calcom_core.webhooks import parse, receive, sign, verify

BODY = SIGNED["body"].encode()
SIGNATURE = SIGNED["signature"]
RIGHT = SIGNED["secret"]
HIDDEN = "whsec_" + 3 * "4711"


def refusal(signature: Any, secrets: Any = RIGHT, body: Any = BODY) -> Exception:
    with pytest.raises((WebhookError, InvalidInput)) as caught:
        verify(body, signature, secrets)
    return caught.value


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_delivery_is_verified_with_its_secret(name: str) -> None:
    verify(RECORDED[name].body, RECORDED[name].signature, SECRET)


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_delivery_with_one_bit_of_its_body_flipped_fails(
    name: str, sample: Callable[..., Any]
) -> None:
    signature = RECORDED[name].signature
    body = bytearray(RECORDED[name].body)
    passed = []
    for index in sample(range(len(body)), 20):
        for bit in range(8):
            body[index] ^= 1 << bit
            with suppress(SignatureMismatch):
                verify(body, signature, SECRET)
                passed.append((index, bit))
            body[index] ^= 1 << bit
    assert passed == []
    verify(body, signature, SECRET)


@pytest.mark.exhaustive(sample=10)
@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_delivery_with_one_bit_of_its_signature_or_secret_flipped_fails(
    name: str, sample: Callable[..., Any]
) -> None:
    recorded = RECORDED[name]
    digest = bytes.fromhex(recorded.signature)
    for bit in sample(range(256), 20):
        other = (int.from_bytes(digest) ^ (1 << bit)).to_bytes(32).hex()
        assert type(refusal(other, SECRET, recorded.body)) is SignatureMismatch
    for bit in sample(range(7 * len(SECRET)), 20):
        place, shift = divmod(bit, 7)
        letter = chr(ord(SECRET[place]) ^ (1 << shift))
        secret = SECRET[:place] + letter + SECRET[place + 1 :]
        assert type(refusal(recorded.signature, secret, recorded.body)) is SignatureMismatch


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_delivery_with_a_byte_more_or_less_fails(name: str) -> None:
    body, signature = RECORDED[name].body, RECORDED[name].signature
    for other in (body[:-1], body[1:], body + b"\n", b" " + body, b"", body + body):
        assert type(refusal(signature, SECRET, other)) is SignatureMismatch


@pytest.mark.parametrize(
    "signature",
    [
        SIGNATURE,
        SIGNATURE.upper(),
        f"sha256={SIGNATURE}",
        f" {SIGNATURE}\t",
        SIGNATURE.encode(),
        f"sha256={SIGNATURE.upper()}".encode(),
    ],
)
def test_a_signature_may_be_bare_or_with_its_algorithm(signature: Any) -> None:
    verify(BODY, signature, RIGHT)


@pytest.mark.parametrize(
    "secrets",
    [
        RIGHT,
        Secret(RIGHT),
        [RIGHT],
        (RIGHT, "old"),
        ["old", RIGHT],
        ["old", Secret(RIGHT), "older"],
        {RIGHT},
        frozenset(["old", RIGHT]),
        {"name": RIGHT}.values(),
    ],
    ids=range(9),
)
def test_any_of_several_secrets_is_enough(secrets: Any) -> None:
    verify(BODY, SIGNATURE, secrets)


def test_a_secret_may_hold_any_text() -> None:
    # printf '{}' | openssl dgst -sha256 -hmac 'ключ от двери'
    signature = "1b0128c2316f96a0f7234b9a0e1c7461d2a79f71cfbf499b427e7f6b50400cc1"
    verify(b"{}", signature, "ключ от двери")


@pytest.mark.parametrize(
    ("signature", "kind", "message"),
    [
        (
            None,
            SignatureMissing,
            "the delivery has no X-Cal-Signature-256; anyone may have sent it, "
            "or the webhook of a scheduled delivery was deleted",
        ),
        ("", SignatureMissing, ""),
        (b"", SignatureMissing, ""),
        (" \t", SignatureMissing, ""),
        (
            "no-secret-provided",
            WebhookWithoutSecret,
            "the webhook has no secret, so anyone can forge its deliveries; set one in Cal.com",
        ),
        (b"no-secret-provided", WebhookWithoutSecret, ""),
        (
            "what?",
            SignatureMalformed,
            "X-Cal-Signature-256 is not 64 hexadecimal digits, with or without sha256=, "
            "or it is repeated",
        ),
        (SIGNATURE[:-1], SignatureMalformed, ""),
        (SIGNATURE + "0", SignatureMalformed, ""),
        (SIGNATURE + "\n", SignatureMalformed, ""),
        (f"{SIGNATURE}, {SIGNATURE}", SignatureMalformed, ""),
        (f"sha256= {SIGNATURE}", SignatureMalformed, ""),
        (f"sha512={SIGNATURE}", SignatureMalformed, ""),
        (f"sha256=sha256={SIGNATURE}", SignatureMalformed, ""),
        (f"0x{SIGNATURE[:-2]}", SignatureMalformed, ""),
        (base64.b64encode(bytes.fromhex(SIGNATURE)).decode(), SignatureMalformed, ""),
        (bytes.fromhex(SIGNATURE), SignatureMalformed, ""),
        (SIGNATURE.replace("6", "\uff16"), SignatureMalformed, ""),
        ("\ud800" * 64, SignatureMalformed, ""),
        (
            "0" * 64,
            SignatureMismatch,
            "X-Cal-Signature-256 does not match this body and the secret; if the delivery is "
            "genuine, verify the raw body, strip line breaks from the secret, "
            "and pass several secrets as a list",
        ),
        (SIGNATURE[::-1], SignatureMismatch, ""),
    ],
    ids=range(21),
)
def test_each_signature_failure_has_its_own_error(signature: Any, kind: type, message: str) -> None:
    error = refusal(signature)
    assert type(error) is kind
    assert isinstance(error, SignatureError)
    assert str(error).startswith(message)
    if signature:
        assert str(signature) not in str(error)


def test_a_mismatch_states_the_number_of_secrets_tried() -> None:
    error = refusal(SIGNATURE, ["one", "two"])
    assert str(error).startswith("X-Cal-Signature-256 does not match this body and any of the 2 ")


def test_a_mismatch_of_an_empty_body_states_it() -> None:
    assert str(refusal(SIGNATURE, RIGHT, b"")).endswith(
        "check why the body is empty; it may have been read before"
    )


def test_every_secret_is_tried_even_after_the_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def digest(key: bytes, body: bytes, name: str) -> bytes:
        tried.append((key, body, name))
        return bytes.fromhex(SIGNATURE)

    monkeypatch.setattr("calcom_core.webhooks.signature.hmac.digest", digest)
    verify(BODY, SIGNATURE, ["one", "two", "three"])
    assert tried == [(key, BODY, "sha256") for key in (b"one", b"two", b"three")]


def test_digests_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def compare(left: bytes, right: bytes) -> bool:
        compared.append({left.hex(), right.hex()})
        return False

    monkeypatch.setattr("calcom_core.webhooks.signature.hmac.compare_digest", compare)
    assert type(refusal(SIGNATURE)) is SignatureMismatch
    assert compared == [{SIGNATURE}]


@pytest.mark.parametrize(
    ("secrets", "field", "problem"),
    [
        ("", "secrets", "is empty; pass the secret of the webhook"),
        (["x", ""], "secrets[1]", "is empty; pass the secret of the webhook"),
        ("\0", "secrets", "is empty; pass the secret of the webhook"),
        ([" \t\r\n"], "secrets[0]", "is empty; pass the secret of the webhook"),
        ([], "secrets", "is empty; pass at least one secret"),
        (None, "secrets", "must be a string, or a list of them, not null"),
        (b"topsecret", "secrets", "must be a string, or a list of them, not bytes"),
        (iter([RIGHT]), "secrets", "must be a string, or a list of them, not list_iterator"),
        (5, "secrets", "must be a string, or a list of them, not an integer"),
        ({"a": RIGHT}, "secrets", "must be a string, or a list of them, not an object"),
        ([None], "secrets[0]", "must be a string, not null"),
        ([b"topsecret"], "secrets[0]", "must be a string, not bytes"),
        (["x", "\ud800"], "secrets[1]", "contains half a surrogate pair, which is not valid text"),
    ],
    ids=range(13),
)
@pytest.mark.parametrize("signature", [SIGNATURE, None])
def test_invalid_secrets_are_refused_before_any_signature_check(
    secrets: Any, field: str, problem: str, signature: Any
) -> None:
    error = refusal(signature, secrets)
    assert isinstance(error, InvalidInput)
    assert (error.field, error.problem) == (field, problem)


@pytest.mark.parametrize("body", ["{}", None, {"a": 1}, 5, [1]])
def test_a_body_that_is_not_bytes_is_refused(body: Any) -> None:
    assert str(refusal(SIGNATURE, RIGHT, body)).startswith("body: must be the raw bytes, not ")
    with pytest.raises(InvalidInput, match=r"^body: must be the raw bytes, not "):
        parse(body)


@pytest.mark.parametrize("max_body", ["1", 1.5, b"1"])
def test_a_bound_that_is_not_an_integer_is_refused(max_body: Any) -> None:
    with pytest.raises(InvalidInput, match=r"^max_body: must be an integer, not "):
        verify(BODY, SIGNATURE, RIGHT, max_body=max_body)


@pytest.mark.parametrize("name", RECORDED)
def test_a_signed_delivery_has_the_signature_of_the_server(name: str) -> None:
    assert sign(RECORDED[name].body, SECRET) == RECORDED[name].signature
    assert sign(RECORDED[name].body, Secret(SECRET)) == RECORDED[name].signature


@pytest.mark.parametrize(
    ("body", "secret", "message"),
    [
        (BODY, "", "secret: is empty; pass the secret of the webhook"),
        (BODY, None, "secret: must be a string, not null"),
        (BODY, [RIGHT], "secret: must be a string, not an array"),
        ("text", HIDDEN, "body: must be the raw bytes, not a string; "),
    ],
)
def test_an_unsignable_body_is_refused(body: Any, secret: Any, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        sign(body, secret)
    assert str(caught.value).startswith(message)
    assert [text for text in shown(caught.value) if HIDDEN in text] == []


@pytest.mark.parametrize("refused", [parse, lambda body: sign(body, HIDDEN)])
def test_a_released_memoryview_is_refused_as_a_body(refused: Any) -> None:
    view = memoryview(BODY)
    view.release()
    with pytest.raises(InvalidInput, match=r"^body: is a released memoryview$") as caught:
        refused(view)
    assert [text for text in shown(caught.value) if HIDDEN in text] == []


def test_a_strided_memoryview_is_sent_as_its_bytes() -> None:
    spread = bytes(byte for each in BODY for byte in (each, 0))
    verify(memoryview(spread)[::2], SIGNATURE, RIGHT)
    assert parse(memoryview(spread)[::2]) == parse(BODY)


class Changing(dict[str, str]):
    """Headers that change the body when read."""

    def __init__(self, body: bytearray) -> None:
        super().__init__({"X-Cal-Signature-256": SIGNATURE})
        self.body = body

    def items(self) -> Any:
        self.body[:] = b'{"triggerEvent": "PING"}'
        return super().items()


def test_the_verified_bytes_are_parsed_even_if_the_buffer_changes() -> None:
    body = bytearray(BODY)
    assert receive(Changing(body), body, RIGHT).delivery.trigger == "BOOKING_NO_SHOW_UPDATED"
    assert body == b'{"triggerEvent": "PING"}'


@pytest.mark.parametrize("version", [5, b"2021-10-20", ["2021-10-20"]])
def test_a_version_that_is_not_text_is_refused(version: Any) -> None:
    with pytest.raises(InvalidInput, match=r"^version: must be a string, not "):
        parse(BODY, version=version)


@pytest.mark.parametrize("signature", [5, [SIGNATURE], {"a": 1}])
def test_a_signature_that_is_not_text_is_refused(signature: Any) -> None:
    error = refusal(signature)
    assert isinstance(error, InvalidInput)
    assert error.field == "signature"


def test_an_unsigned_delivery_is_not_parsed() -> None:
    with pytest.raises(SignatureMissing):
        receive({}, b"no JSON", RIGHT)
    with pytest.raises(SignatureMismatch):
        receive({"X-Cal-Signature-256": "0" * 64}, b"no JSON", RIGHT)


def test_a_repeated_signature_header_is_refused() -> None:
    name = "x-cal-signature-256"
    for other in (SIGNATURE, "0" * 64, "no-secret-provided"):
        with pytest.raises(SignatureMalformed):
            receive([(name, SIGNATURE), (name, other)], BODY, RIGHT)


def test_invalid_headers_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"^headers: must be a mapping or pairs, not int$"):
        receive(5, BODY, RIGHT)  # type: ignore[arg-type]


def test_an_api_response_about_webhooks_is_not_a_delivery() -> None:
    with pytest.raises(DeliveryUnreadable, match=r"nothing at \$\.triggerEvent"):
        parse(NO_DELIVERY)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32", "utf-32-le"])
def test_a_signed_delivery_is_parsed_in_each_encoding_of_json(encoding: str) -> None:
    body = '{"triggerEvent":"PING","payload":{"note":"☕"}}'.encode(encoding)
    event = receive({"X-Cal-Signature-256": sign(body, RIGHT)}, body, RIGHT)
    assert (event.delivery.trigger, event.extra) == ("PING", {"note": "☕"})
    with pytest.raises(DeliveryUnreadable) as caught:
        parse(body[:-1])
    assert caught.value.path == "$"


# Nothing shows a secret.

RECORDING: Recorded = RECORDED["33-BOOKING_NO_SHOW_UPDATED-x"]


def shown(error: BaseException) -> Iterator[str]:
    """Yield every printable part of an error, with the locals of all frames but ours."""
    yield repr(pickle.dumps(error))
    yield "".join(traceback.format_exception(error))
    waiting: list[BaseException | None] = [error]
    while waiting:
        if (found := waiting.pop()) is not None:
            for frame, _ in traceback.walk_tb(found.__traceback__):
                if frame.f_code.co_filename != __file__:
                    yield from map(representation, frame.f_locals.values())
            waiting += [found.__cause__, found.__context__]


def representation(value: object) -> str:
    try:
        return repr(value)
    except AttributeError:
        return ""  # an object whose constructor failed


@pytest.mark.parametrize(
    "secrets", [HIDDEN, [HIDDEN, "another"], [HIDDEN, ""], [HIDDEN, 5], {HIDDEN: 1}]
)
@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (RECORDING.headers, RECORDING.body),
        ({}, RECORDING.body),
        ({"X-Cal-Signature-256": "no-secret-provided"}, RECORDING.body),
        (5, RECORDING.body),
        ([5], RECORDING.body),
        (RECORDING.headers, "text"),
        (RECORDING.headers, b"x" * (2**20 + 1)),
    ],
    ids=range(7),
)
def test_no_failure_contains_a_secret(headers: Any, body: Any, secrets: Any) -> None:
    with pytest.raises((WebhookError, InvalidInput)) as caught:
        receive(headers, body, secrets)
    assert [text for text in shown(caught.value) if HIDDEN in text] == []
    if isinstance(headers, tuple):
        with pytest.raises((WebhookError, InvalidInput)) as caught:
            verify(body, RECORDING.signature, secrets)
        assert [text for text in shown(caught.value) if HIDDEN in text] == []


def test_no_decoding_failure_contains_the_matching_secret() -> None:
    # printf 'x' | openssl dgst -sha256 -hmac whsec_471147114711
    signature = "a4ea75508955cae7ac85b6e1a79920fa55e193e6fa979049b53e2b69f10efe41"
    with pytest.raises(DeliveryUnreadable) as caught:
        receive({"X-Cal-Signature-256": signature}, b"x", HIDDEN)
    assert [text for text in shown(caught.value) if HIDDEN in text] == []
