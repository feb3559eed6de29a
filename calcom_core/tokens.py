"""Find text that looks like a credential, without knowing any credential.

Errors and recordings pass through here, because servers repeat tokens in their texts.
These are the shapes, in upper or lower case:

- the value of a header, a string under a key of JSON, also of JSON within JSON, and the value in
  `name=value`, if the name ends in `token`, `secret`, `password`, `passwd`, `passcode`,
  `passphrase`, `pwd`, `signature`, `sig`, `credential`, `api_key`, `secret_key`, `access_key` or
  `private_key`, with `_`, `-` or nothing between the words;
- the value of a header, and a string under a key of JSON, if the name ends in `authorization`
  or `cookie`;
- in text, the word after `access token`, `auth token`, `id token`, `refresh token`,
  `share token`, `client secret`, `api key` or `secret key` and `=` or `:`;
- in text, the word after `Authorization: Basic` or `Authorization: Bearer`, and a word with a
  digit after `Bearer`;
- `user:password@` in a link;
- an API key of Cal.com, `cal_…`, and a JSON web token, `eyJ….….…`.
"""

import re

REDACTED = "[redacted]"
"""The replacement of a credential."""

# The endings of names whose values are credentials: headers, JSON keys and parameters.
_ENDING = (
    "token|secret|pass(?:word|wd|code|phrase)|pwd|signature|sig|credential"
    "|(?:api|secret|access|private)[_-]?key"
)
# Only whole values: in text a scheme follows the name, and a cookie consists of several pairs.
_WHOLE_ENDING = "authorization|cookie"

_NAME = rf"(?i)(?:{_ENDING}|{_WHOLE_ENDING})$"
# Every match but a link contains one of these.
_HINTS = (
    *(b"token", b"secret", b"pass", b"pwd", b"sig", b"credential", b"key"),
    *(b"authorization", b"cookie", b"bearer", b"cal_", b"eyj"),
)

# Patterns are compiled at the first use, which takes as long as importing this module.
# A 403 repeats the whole token in its text (recording 199-list-garbage-token).
# Recordings and transcripts of meetings have tokens of their own, some of them in links.
# A cursor is base64 like a JSON web token, but lacks its dots.
# A match ends in the JSON string in which it begins; otherwise the body would become invalid.
# A key and a bearer contain a digit: `cal_source_id` and "the bearer Ann" are not credentials.
_VALUE = r"[^\s\"\\,;:<>{}\[\]&]+"
_TOKEN = rf"""(?ix)
# A string under a key of JSON. JSON within JSON escapes both quotes with as many backslashes.
( (?:{_ENDING}|{_WHOLE_ENDING}) (?P<escape>\\{{0,15}})"\s*:\s*(?P=escape)" )
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

# A user and a password before the host of a link. JSON may escape its slashes.
_LINK = rb"(:(?:\\{0,15}/){2})[^\s\"\\/?#@<>:]*:[^\s\"\\/?#@<>]++(?=@)"


def is_secret_name(name: str) -> bool:
    """Return whether a header, a key or a parameter of this name holds a credential."""
    return re.search(_NAME, name) is not None


def may_hold_token(data: bytes) -> bool:
    """Return whether bytes may hold a credential; fast, and sometimes true without one."""
    lowered = data.lower()
    return any(hint in lowered for hint in _HINTS) or re.search(_LINK, data) is not None


def redact_bytes(data: bytes) -> bytes:
    """Replace everything in bytes that looks like a credential."""
    if not may_hold_token(data):
        return data
    redacted = re.sub(_TOKEN, rb"\1\3" + REDACTED.encode(), data)
    return re.sub(_LINK, rb"\1" + REDACTED.encode(), redacted)


def redact_text(text: str) -> str:
    """Replace everything in text that looks like a credential."""
    given = text.encode("utf-8", "replace")
    redacted = redact_bytes(given)
    return text if redacted == given else redacted.decode()
