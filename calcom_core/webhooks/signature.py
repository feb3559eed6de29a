"""Whether a delivery is from Cal.com: the signature over its bytes."""

import hmac
import re
from collections.abc import Collection, Mapping

from calcom_core.checks import found_type
from calcom_core.errors import (
    CalcomError,
    DeliveryTooLarge,
    InvalidInput,
    SignatureError,
    SignatureMalformed,
    SignatureMismatch,
    SignatureMissing,
    WebhookWithoutSecret,
)
from calcom_core.secret import Secret

SIGNATURE_HEADER = "X-Cal-Signature-256"
"""The header that holds the signature."""

MAX_BODY = 2**20
"""How many bytes a delivery may have unless more are allowed; real ones have some thousands."""

Body = bytes | bytearray | memoryview
Secrets = str | Secret | Collection[str | Secret]

_SIGNATURE = re.compile(r"(?:sha256=)?([0-9A-Fa-f]{64})")


def verify(
    body: Body,
    signature: str | bytes | None,
    secrets: Secrets,
    *,
    max_body: int = MAX_BODY,
) -> None:
    """Check that a delivery was signed with one of your secrets; return nothing if it was.

    That is no protection against replay: anyone who has seen a delivery can send it again.
    `parse` tells you when it was created and what identifies it.

    Arguments:
        body: the body as it came, before anything parses or decodes it.
        signature: the value of the header `X-Cal-Signature-256`: the HMAC-SHA256 of the body in
            hexadecimal digits, also with `sha256=` before it; None if the header is missing.
        secrets: the secret of the webhook, or several while you change it.
        max_body: how many bytes the body may have.

    Raises `SignatureMissing`, `WebhookWithoutSecret`, `SignatureMalformed` and `SignatureMismatch`,
    which are `SignatureError`s: respond with 401, and do nothing else.
    Raises `DeliveryTooLarge` for a body that is too large, before anything else is looked at,
    and `InvalidInput` for arguments of other types, and for secrets that are empty.
    """
    problem = signature_problem(bytes_of(body, max_body), signature, secrets)
    # Tools that show the locals of a failing frame would show a secret, also in the wrong place.
    del body, signature, secrets
    if problem is not None:
        raise problem


def sign(body: Body, secret: str | Secret) -> str:
    """Return the signature of a delivery with this body: what your tests need to make one.

    Arguments:
        body: the body as it is sent.
        secret: the secret of the webhook.

    Raises `InvalidInput` for arguments of other types, and for a secret that is empty.
    """
    signature = _signature(body, secret)
    del body, secret
    if isinstance(signature, CalcomError):
        raise signature
    return signature


def _signature(body: Body, secret: str | Secret) -> str | CalcomError:
    data = bytes_of(body)
    if isinstance(data, CalcomError):
        return data
    key = _key(secret, "secret")
    return key if isinstance(key, InvalidInput) else hmac.digest(key, data, "sha256").hex()


def signature_problem(
    body: bytes | CalcomError, signature: str | bytes | None, secrets: Secrets
) -> CalcomError | None:
    """Return the error that `verify` raises, if any.

    It does not raise, so that its caller can forget the secrets before anything is raised.
    """
    if isinstance(body, CalcomError):
        return body
    keys = _keys(secrets)
    if isinstance(keys, InvalidInput):
        return keys
    given = _given(signature)
    if isinstance(given, CalcomError):
        return given
    right = False
    for key in keys:
        # All of them, so that the time does not tell which one it was.
        right |= hmac.compare_digest(hmac.digest(key, body, "sha256"), given)
    if right:
        return None
    secret = "the secret" if len(keys) == 1 else f"any of the {len(keys)} secrets"
    advice = (
        "see that the body is verified as it came, that no line break clings to the secret, "
        "and that several are given as a list"
    )
    if not body:
        advice = "see why the body is empty; was it read before?"
    return SignatureMismatch(
        f"{SIGNATURE_HEADER} is not that of this body and {secret}; "
        f"if the delivery is real, {advice}"
    )


def bytes_of(body: Body, max_body: int | None = None) -> bytes | InvalidInput | DeliveryTooLarge:
    """Return the bytes of a body, of which a view may change, or what is wrong with it."""
    if not isinstance(body, bytes | bytearray | memoryview):
        return InvalidInput(
            "body",
            f"must be the bytes as they came, not {found_type(body)}; "
            "what was decoded or parsed has another signature",
        )
    if max_body is not None and not isinstance(max_body, int):
        return InvalidInput("max_body", f"must be an integer, not {found_type(max_body)}")
    try:
        size = memoryview(body).nbytes
        if max_body is None or size <= max_body:
            return bytes(body)
    except ValueError:
        return InvalidInput("body", "is a view that was released")
    return DeliveryTooLarge(
        f"a delivery of {size} bytes, where at most {max_body} are read; raise max_body"
    )


def _keys(secrets: Secrets) -> list[bytes] | InvalidInput:
    lone = isinstance(secrets, str | Secret)
    # Bytes would be taken for integers, a mapping for its names, and an iterator gives them once.
    if isinstance(secrets, bytes | Mapping) or not (lone or isinstance(secrets, Collection)):
        return InvalidInput(
            "secrets", f"must be a string, or a list of them, not {found_type(secrets)}"
        )
    given = [secrets] if isinstance(secrets, str | Secret) else list(secrets)
    if not given:
        return InvalidInput("secrets", "is empty; without a secret nothing can be verified")
    keys = []
    for number, secret in enumerate(given):
        key = _key(secret, "secrets" if lone else f"secrets[{number}]")
        if isinstance(key, InvalidInput):
            return key
        keys.append(key)
    return keys


def _key(secret: str | Secret, name: str) -> bytes | InvalidInput:
    text = secret.reveal() if isinstance(secret, Secret) else secret
    if not isinstance(text, str):
        return InvalidInput(name, f"must be a string, not {found_type(text)}")
    if not text.strip(" \t\r\n\0"):
        # Anybody can sign with nothing, which zeros are for HMAC.
        return InvalidInput(name, "is empty; give the secret of the webhook")
    try:
        return text.encode()
    except UnicodeEncodeError:
        return InvalidInput(name, "holds half a surrogate pair, which is no text")


def _given(signature: str | bytes | None) -> bytes | SignatureError | InvalidInput:
    text = signature.decode("latin-1") if isinstance(signature, bytes) else signature
    if text is not None and not isinstance(text, str):
        return InvalidInput("signature", f"must be a string or None, not {found_type(text)}")
    text = (text or "").strip(" \t")
    if not text:
        return SignatureMissing(
            f"the delivery has no {SIGNATURE_HEADER}; anybody may have sent it, "
            "or the webhook of a scheduled delivery is gone"
        )
    if text == "no-secret-provided":
        return WebhookWithoutSecret(
            "the webhook has no secret, so that anybody can make its deliveries; "
            "give it one in Cal.com"
        )
    match = _SIGNATURE.fullmatch(text)
    if match is None:
        return SignatureMalformed(
            f"{SIGNATURE_HEADER} is not 64 hexadecimal digits, with or without sha256= before "
            "them, or it came more than once"
        )
    return bytes.fromhex(match[1])
