"""Replace credentials in requests, responses and messages with `[redacted]`.

Known credentials come from the headers of a request; `calcom_core.tokens` finds others by shape.
Both are replaced in headers, URLs, bodies and messages, plain or encoded, before an error or a
recording holds them.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable
from urllib.parse import unquote_to_bytes

from attrs import evolve

from calcom_core.http import Headers, Request, Response, is_secret_header
from calcom_core.json_text import InvalidJson, map_strings, parse_json, to_utf8
from calcom_core.secret import Hidden
from calcom_core.tokens import (
    REDACTED,
    may_hold_token,
    redact_bytes,
    redact_text,
)

SHORTEST = 8
"""The least number of characters by which a credential can be distinguished from other text."""

# A random cookie. Other cookies are settings, such as a language, whose values occur in bodies.
_RANDOM = re.compile(r"(?=.*[0-9]).{16,}")
_SCHEME = re.compile(r"(?i)(?:basic|bearer) +")
_HOST = re.compile(r"[^/?#]*(?://[^/?#]*)?")
_USER = re.compile(r"(?<=//).*@")


class Credential(Hidden[str]):
    """The text of a credential to search for."""

    __slots__ = ()

    @property
    def is_certain(self) -> bool:
        """Whether it is long enough to be distinguished from other text."""
        return len(self.reveal()) >= SHORTEST


def collect_credentials(request: Request) -> frozenset[Credential]:
    """Return the credentials in the headers of a request; of cookies only random values."""
    found: set[Credential] = set()
    for name, value in request.headers:
        lowered = name.lower()
        if lowered.endswith("authorization"):
            found.add(Credential(value.strip().rpartition(" ")[2]))
        elif lowered.endswith("cookie"):
            values = [pair.partition("=")[2].strip() for pair in value.split(";")]
            found.update(Credential(each) for each in values if _RANDOM.fullmatch(each))
        elif is_secret_header(name):
            found.add(Credential(_SCHEME.sub("", value.strip())))
    return frozenset(found - {Credential(""), Credential(REDACTED)})


def redact_response(response: Response) -> Response:
    """Return the response without cookies and without text that looks like a credential."""
    fields = response.headers
    # One search for all values, because most responses hold none. No token spans two lines.
    lines = "\n".join([value for _, value in fields.pairs]).encode("utf-8", "replace")
    if any(map(is_secret_header, fields.names)) or may_hold_token(lines):
        fields = PLAIN.headers(fields)
    body = in_any_encoding(response.body, redact_bytes)
    if fields is response.headers and body == response.body:
        return response
    return evolve(response, headers=fields, body=body)


def in_any_encoding(body: bytes, redact: Callable[[bytes], bytes]) -> bytes:
    """Redact a body in UTF-8, UTF-16 or UTF-32; the result is UTF-8, or the unchanged body."""
    text = to_utf8(body)
    redacted = redact(text)
    if text is body or redacted != text:
        return redacted
    return redact(body)  # the encoding is guessed from the first bytes, which may mislead


class Redactor:
    """Replaces the given credentials, and text that looks like one.

    Redacting a second time changes nothing.
    """

    def __init__(self, credentials: Iterable[Credential]) -> None:
        forms = sorted(
            _credential_pattern(item.reveal()) for item in credentials if item.is_certain
        )
        # Hidden, because the repr of a pattern shows its text.
        self._known = Hidden(re.compile("|".join(forms))) if forms else None

    def text(self, text: str) -> str:
        """Return text without credentials."""
        return redact_text(self._without_known(text))

    def request(self, request: Request) -> Request:
        """Return the request without credentials."""
        url, body = self.url_and_body(request)
        return evolve(request, url=url, headers=self.headers(request.headers), body=body)

    def url_and_body(self, request: Request) -> tuple[str, bytes]:
        """Return the URL, also without its user, and the body of a request without credentials."""
        # The host stays, because a URL needs one; `contains_credentials` checks it later.
        host = _HOST.match(request.url)[0]  # type: ignore[index]  # pyright: ignore[reportOptionalSubscript]  # it matches any text
        url = _USER.sub("", host) + self.text(request.url[len(host) :])
        return url, self._body(request.body)

    def response(self, response: Response) -> Response:
        """Return the response without credentials."""
        return evolve(
            response, headers=self.headers(response.headers), body=self._body(response.body)
        )

    def headers(self, headers: Headers) -> Headers:
        """Return header fields without credentials."""
        return Headers(
            (name, REDACTED if is_secret_header(name) else self.text(value))
            for name, value in headers
        )

    def _without_known(self, text: str) -> str:
        # Before the search by shape, which may replace only a part of a known credential.
        return self._known.reveal().sub(REDACTED, text) if self._known else text

    def _body(self, body: bytes) -> bytes:
        return in_any_encoding(body, self._utf8_body)

    def _utf8_body(self, body: bytes) -> bytes:
        if self._known is None:
            return redact_bytes(body)
        try:
            tree = parse_json(body)
            redacted = map_strings(self._without_known, tree)
            if redacted != tree:
                written = json.dumps(redacted, allow_nan=False, separators=(",", ":"))
                return redact_bytes(written.encode())
        except (InvalidJson, RecursionError, ValueError):
            pass  # not JSON, nested too deeply, or with a number that cannot be written
        return redact_bytes(self._without_known(body.decode("latin-1")).encode("latin-1"))


PLAIN = Redactor(())
"""A redactor without known credentials; it finds others by their shape."""


def _credential_pattern(credential: str) -> str:
    """Return a pattern that matches a credential in plain, escaped, hex and base64 form."""
    plain = "".join(_character_pattern(character) for character in credential)
    forms = [plain, "(?i:" + credential.encode().hex() + ")"]
    # Inside a longer base64 text its encoding depends on its offset modulo 3.
    # The characters at both ends also depend on the text around it, and are left out.
    for before, first in enumerate((0, 2, 3)):
        encoded = base64.b64encode(bytes(before) + credential.encode()).decode()
        inner = encoded[first : (before + len(credential)) * 4 // 3]
        forms.append(
            "".join(_BASE64.get(character) or _character_pattern(character) for character in inner)
        )
    return "|".join(forms)


# JSON within JSON doubles the backslashes. The bound keeps the search linear.
_BACKSLASHES = r"\\{1,16}"


def _character_pattern(character: str) -> str:
    """Return a pattern that matches a character plain, percent-encoded or escaped as in JSON.

    It also matches nested encodings, such as JSON within JSON.
    """
    code = f"{ord(character):02x}"
    escaped = re.escape(character)
    forms = [escaped, f"%(?:25)*(?i:{code})", rf"{_BACKSLASHES}u00(?i:{code})"]
    if character in '"\\/':
        forms.append(_BACKSLASHES + escaped)
    return f"(?:{'|'.join(forms)})"


# The second alphabet of base64 is for URLs (RFC 4648, 5).
_BASE64 = {
    "+": f"(?:{_character_pattern('+')}|-)",
    "/": f"(?:{_character_pattern('/')}|_)",
}


def contains_credentials(content: bytes, credentials: Iterable[Credential]) -> bool:
    """Return whether bytes hold any of the credentials, plain or encoded, also encoded twice.

    It decodes the bytes, while `Redactor` searches for encoded forms: an independent check.
    """
    wanted = [credential.reveal().encode() for credential in credentials]
    if not wanted:
        return False
    for _ in range(_LAYERS):
        for _ in range(_LAYERS):
            unescaped, unquoted = _unescape(content), unquote_to_bytes(content)
            if any(each in form for each in wanted for form in (content, unescaped, unquoted)):
                return True
            content = _unescape(unquoted)
        # UTF-16 and UTF-32 put zeros between the characters.
        content = b"\n".join(_decode_runs(content)).replace(b"\0", b"")
    return any(each in content for each in wanted)


_LAYERS = 3
_ESCAPE = re.compile(rb"\\+(?:u00([0-9a-fA-F]{2})|([\"\\/]))")
_HEX_RUN = re.compile(rb"[0-9a-fA-F]{16,}")
_BASE64_RUN = re.compile(rb"[A-Za-z0-9+/_\-]{11,}")  # 8 characters or more, encoded


def _unescape(content: bytes) -> bytes:
    return _ESCAPE.sub(lambda found: bytes.fromhex((found[1] or b"").decode()) or found[2], content)


def _decode_runs(content: bytes) -> Iterable[bytes]:
    for found in _BASE64_RUN.finditer(content):
        run = found[0].replace(b"-", b"+").replace(b"_", b"/")
        for start in range(4):  # the encoded text may begin before the run
            part = run[start:]
            part = part[: len(part) - (len(part) % 4 == 1)]
            yield base64.b64decode(part + b"=" * (-len(part) % 4))
    for found in _HEX_RUN.finditer(content):
        for start in (0, 1):
            part = found[0][start:]
            yield bytes.fromhex(part[: len(part) // 2 * 2].decode())
