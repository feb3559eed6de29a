"""Find credentials by their shape, where no credential is known.

These are the shapes, in any case:

- the value of a header, a string under a key of JSON, also of JSON within JSON, and the value in
  `name=value`, where the name ends in `token`, `secret`, `password`, `passwd`, `passcode`,
  `passphrase`, `pwd`, `signature`, `sig`, `credential`, `api_key`, `secret_key`, `access_key` or
  `private_key`, with `_`, `-` or nothing between the words;
- the value of a header, and a string under a key of JSON, where the name ends in `authorization`
  or `cookie`;
- in text, the word after `access token`, `auth token`, `id token`, `refresh token`,
  `share token`, `client secret`, `api key` or `secret key` and `=` or `:`;
- in text, the word after `Authorization: Basic` or `Authorization: Bearer`, and a word with a
  digit after `Bearer`;
- `user:password@` in a link, and anything before `@` in the host of a request;
- a key of Cal.com, `cal_…`, and a JSON web token, `eyJ….….…`.
"""

import re
from functools import cache

REDACTED = "[redacted]"
"""Stands where a credential was."""

# How the names of credentials end: of headers, of keys in JSON and of parameters.
_ENDINGS = (
    *("token", "secret", "password", "passwd", "passcode", "passphrase", "pwd"),
    *("signature", "sig", "credential", "api-key", "secret-key", "access-key", "private-key"),
)
# Not in text, where a scheme follows, and a cookie is several pairs.
_WHOLE_ENDINGS = ("authorization", "cookie")

_ENDING = "|".join(name.replace("-", "[_-]?") for name in _ENDINGS)
# One of these stands in every match, but for links.
_HINTS = tuple(
    name.rpartition("-")[2].encode()
    for name in (*_ENDINGS, *_WHOLE_ENDINGS, "bearer", "cal_", "eyj")
)

# A 403 repeats the whole token in its text (recording 199-list-garbage-token); recordings and
# transcripts of meetings have tokens of their own, partly in their links.
# A cursor is base64 as a JSON web token is, but without its dots.
# Every match ends within the string of JSON where it begins, so that JSON stays JSON.
# A key and a bearer have a digit: `cal_source_id` and "the bearer Ann" are no credentials.
_VALUE = r"[^\s\"\\,;:<>{}\[\]&]+"
_TOKEN = rf"""(?ix)
# A string under a key of JSON. JSON within JSON puts the same backslashes before both quotes.
( (?:{_ENDING}|{"|".join(_WHOLE_ENDINGS)}) (?P<escape>\\{{0,15}})"\s*:\s*(?P=escape)" )
(?: [^"\\] | (?P=escape){{2}}\\["\\] | \\+[^"\\] )++
|
( (?:{_ENDING})=
| (?: (?:access|auth|refresh|share|(?<![a-z])id).?token | client.?secret | (?:api|secret).?key )
  \s*[=:]\s* (?:\\{{0,15}}")?
| authorization\s*[=:]\s* (?:basic|bearer)[ ]+ (?!token\b)
| bearer[ ]+ (?!token\b) (?=[^\s"\\,;:<>{{}}\[\]&]*[0-9])
) {_VALUE}
| (?<!\w)cal_(?:(?:live|test)_\w+|(?=\w*[0-9])\w{{12,}})
| (?<![\w\-.])eyJ[\w\-]+\.[\w\-.]{{8,}}
""".encode()

# A user and a password before the host of a link, whose slashes JSON may escape.
_LINK = rb"(:(?:\\{0,15}/){2})[^\s\"\\/?#@<>:]*:[^\s\"\\/?#@<>]++(?=@)"


def is_secret_name(name: str) -> bool:
    """Tell whether a header, a key or a parameter of that name holds a credential."""
    return _name().search(name) is not None


def may_hold_token(data: bytes) -> bool:
    """Tell quickly whether bytes may hold something that looks like a credential."""
    lowered = data.lower()
    return any(hint in lowered for hint in _HINTS) or _link().search(data) is not None


def without_tokens(data: bytes) -> bytes:
    """Return bytes with everything replaced that looks like a credential."""
    if not may_hold_token(data):  # most hold none
        return data
    redacted = _token().sub(rb"\1\3" + REDACTED.encode(), data)
    return _link().sub(rb"\1" + REDACTED.encode(), redacted)


# Compiled at the first use, since compiling takes as long as the import of this module.
@cache
def _token() -> re.Pattern[bytes]:
    return re.compile(_TOKEN)


@cache
def _link() -> re.Pattern[bytes]:
    return re.compile(_LINK)


@cache
def _name() -> re.Pattern[str]:
    return re.compile(rf"(?i)(?:{_ENDING}|{'|'.join(_WHOLE_ENDINGS)})$")


def text_without_tokens(text: str) -> str:
    """Return text with everything replaced that looks like a credential."""
    given = text.encode("utf-8", "replace")
    redacted = without_tokens(given)
    return text if redacted == given else redacted.decode()
