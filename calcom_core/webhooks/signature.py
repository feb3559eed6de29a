"""Verify that a delivery comes from Cal.com, by the HMAC-SHA256 of its raw body."""

import hmac
import re
from collections.abc import Collection, Mapping

from calcom_core.checks import found_type
from calcom_core.errors import (
    DeliveryTooLarge,
    InvalidInput,
    SignatureMalformed,
    SignatureMismatch,
    SignatureMissing,
    WebhookWithoutSecret,
)
from calcom_core.secret import Secret, hides_arguments

SIGNATURE_HEADER = "X-Cal-Signature-256"
"""The header that holds the signature."""

MAX_BODY = 2**20
"""The default limit of the size of a delivery, in bytes; real ones have some thousands."""

Body = bytes | bytearray | memoryview
Secrets = str | Secret | Collection[str | Secret]

_SIGNATURE = re.compile(r"(?:sha256=)?([0-9A-Fa-f]{64})")


@hides_arguments  # a secret may also be a misplaced argument
def verify(
    body: Body,
    signature: str | bytes | None,
    secrets: Secrets,
    *,
    max_body: int = MAX_BODY,
) -> None:
    """Verify that a delivery was signed with one of your secrets.

    This does not protect against replays: anyone who sees a delivery can send it again.
    `parse` returns its creation time and identity.

    Args:
        body: the raw body, before it is parsed or decoded.
        signature: the value of the header `X-Cal-Signature-256`: the HMAC-SHA256 of the body in
            hexadecimal digits, with or without `sha256=`; None if the header is missing.
        secrets: the secret of the webhook, or several while you change it.
        max_body: the largest size of the body in bytes.

    Raises:
        SignatureError: as `SignatureMissing`, `WebhookWithoutSecret`, `SignatureMalformed` or
            `SignatureMismatch`; respond with 401, and do nothing else.
        DeliveryTooLarge: for a body above *max_body*, whose signature is not checked.
        InvalidInput: for arguments of other types, and for empty secrets.
    """
    data = check_body(body, max_body)
    keys = _encode_secrets(secrets)
    given = _parse_signature(signature)
    matches = False
    for key in keys:
        # All keys are compared, so that the time does not reveal which one matches.
        matches |= hmac.compare_digest(hmac.digest(key, data, "sha256"), given)
    if matches:
        return
    secret = "the secret" if len(keys) == 1 else f"any of the {len(keys)} secrets"
    advice = (
        "verify the raw body, strip line breaks from the secret, and pass several secrets as a list"
    )
    if not data:
        advice = "check why the body is empty; it may have been read before"
    raise SignatureMismatch(
        f"{SIGNATURE_HEADER} does not match this body and {secret}; "
        f"if the delivery is genuine, {advice}"
    )


@hides_arguments
def sign(body: Body, secret: str | Secret) -> str:
    """Return the signature of a delivery, for a test that sends one.

    Args:
        body: the raw body.
        secret: the secret of the webhook.

    Raises:
        InvalidInput: for arguments of other types, and for an empty secret.
    """
    return hmac.digest(_encode_secret(secret, "secret"), check_body(body), "sha256").hex()


def check_body(body: Body, max_body: int | None = None) -> bytes:
    """Return the body as immutable bytes; raises as `verify` does for an invalid one."""
    if not isinstance(body, bytes | bytearray | memoryview):
        raise InvalidInput(
            "body",
            f"must be the raw bytes, not {found_type(body)}; "
            "a decoded or parsed body has another signature",
        )
    if max_body is not None and not isinstance(max_body, int):
        raise InvalidInput("max_body", f"must be an integer, not {found_type(max_body)}")
    try:
        size = memoryview(body).nbytes
        if max_body is None or size <= max_body:
            return bytes(body)
    except ValueError:
        raise InvalidInput("body", "is a released memoryview") from None
    raise DeliveryTooLarge(
        f"a delivery of {size} bytes, above max_body {max_body}; increase max_body"
    )


def _encode_secrets(secrets: Secrets) -> list[bytes]:
    lone = isinstance(secrets, str | Secret)
    # Bytes would count as integers and a mapping as its keys; an iterator could be used only once.
    if isinstance(secrets, bytes | Mapping) or not (lone or isinstance(secrets, Collection)):
        raise InvalidInput(
            "secrets", f"must be a string, or a list of them, not {found_type(secrets)}"
        )
    given = [secrets] if isinstance(secrets, str | Secret) else list(secrets)
    if not given:
        raise InvalidInput("secrets", "is empty; pass at least one secret")
    return [
        _encode_secret(secret, "secrets" if lone else f"secrets[{number}]")
        for number, secret in enumerate(given)
    ]


def _encode_secret(secret: str | Secret, name: str) -> bytes:
    text = secret.reveal() if isinstance(secret, Secret) else secret
    if not isinstance(text, str):
        raise InvalidInput(name, f"must be a string, not {found_type(text)}")
    if not text.strip(" \t\r\n\0"):
        # Anyone can sign with an empty key, and HMAC treats zeros as one.
        raise InvalidInput(name, "is empty; pass the secret of the webhook")
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise InvalidInput(
            name, "contains half a surrogate pair, which is not valid text"
        ) from None


def _parse_signature(signature: str | bytes | None) -> bytes:
    text = signature.decode("latin-1") if isinstance(signature, bytes) else signature
    if text is not None and not isinstance(text, str):
        raise InvalidInput("signature", f"must be a string or None, not {found_type(text)}")
    text = (text or "").strip(" \t")
    if not text:
        raise SignatureMissing(
            f"the delivery has no {SIGNATURE_HEADER}; anyone may have sent it, "
            "or the webhook of a scheduled delivery was deleted"
        )
    if text == "no-secret-provided":
        raise WebhookWithoutSecret(
            "the webhook has no secret, so anyone can forge its deliveries; set one in Cal.com"
        )
    match = _SIGNATURE.fullmatch(text)
    if match is None:
        raise SignatureMalformed(
            f"{SIGNATURE_HEADER} is not 64 hexadecimal digits, with or without sha256=, "
            "or it is repeated"
        )
    return bytes.fromhex(match[1])
