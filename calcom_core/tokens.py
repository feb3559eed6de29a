"""Taking out of text what looks like a token, where none is known."""

import re
from functools import cache

REDACTED = "[redacted]"
"""Stands where a credential was."""

# A 403 repeats the whole token in its text (CONTRACT A.3), recordings and transcripts have tokens
# of their own, in part in their links (F.7).
# A cursor is base64 as a JSON web token is, but without its dots.
# What is replaced always lies within a string of JSON, so that JSON stays JSON.
# A key, a bearer and a token have a digit, or `cal_source_id` and "the bearer Ann" would be some.
_TOKEN = (
    rb"(?i)((?:access|share).?token(?:\\?\"\s*:\s*\\?\"|\s*[=:]\s*(?:\\?\")?)"
    rb"|bearer +(?!token\b)(?=[^\s\"\\,;:<>{}\[\]&]*[0-9])"
    rb"|[?&][\w\-]*(?:signature|sig|token|credential|secret|passw(?:or)?d|pwd|api_?key)=)"
    rb"[^\s\"\\,;:<>{}\[\]&]+"
    rb"|(?<!\w)cal_(?:(?:live|test)_\w+|(?=\w*[0-9])\w{12,})"
    rb"|(?<![\w\-.])eyJ[\w\-]+\.[\w\-.]{8,}"
)

# How the names of the parameters end that the pattern knows, but for those of a token.
_PARAMETERS = tuple(b"signature sig credential secret passwd password pwd key".split())


def may_hold_token(data: bytes) -> bool:
    """Tell whether bytes may hold what looks like a token, which is sooner found out."""
    lowered = data.lower()
    if b"token" in lowered or b"cal_" in lowered or b"eyj" in lowered or b"bearer" in lowered:
        return True
    return any(name.endswith(_PARAMETERS) for name in lowered.split(b"=")[:-1])


def without_tokens(data: bytes) -> bytes:
    """Return bytes with everything in them replaced that looks like a token."""
    if not may_hold_token(data):  # as most do not
        return data
    return _token().sub(rb"\1" + REDACTED.encode(), data)


@cache  # to compile it takes as long as to import this module and what it needs
def _token() -> re.Pattern[bytes]:
    return re.compile(_TOKEN)


def text_without_tokens(text: str) -> str:
    """Return text with everything in it replaced that looks like a token."""
    given = text.encode("utf-8", "replace")
    redacted = without_tokens(given)
    return text if redacted is given else redacted.decode()
