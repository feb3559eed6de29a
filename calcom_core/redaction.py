"""Find credentials in requests, responses and messages, and replace them by `[redacted]`.

A credential is known by the headers of a request, or is found by its shape (`calcom_core.tokens`).
An error and a recording hold neither, in headers, URLs, bodies and messages, plain or encoded.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

from attrs import evolve

from calcom_core.http import Headers, Request, Response, is_secret_header
from calcom_core.json_text import InvalidJson, parse_json, to_utf8
from calcom_core.secret import Hidden
from calcom_core.tokens import (
    REDACTED,
    may_hold_token,
    text_without_tokens,
    without_tokens,
)

SHORTEST = 8
"""A credential of fewer characters cannot be told from other text."""

# Of a cookie; others are settings, such as a language or a time zone, which stand in bodies too.
_RANDOM = re.compile(r"(?=.*[0-9]).{16,}")
_SCHEME = re.compile(r"(?i)(?:basic|bearer) +")
_HOST = re.compile(r"[^/?#]*(?://[^/?#]*)?")
_USER = re.compile(r"(?<=//).*@")


class Credential(Hidden[str]):
    """The text of a credential, to be found in other text."""

    __slots__ = ()

    @property
    def is_certain(self) -> bool:
        """Whether it is long enough to be told from other text."""
        return len(self.reveal()) >= SHORTEST


def collect_credentials(request: Request) -> frozenset[Credential]:
    """Return the credentials that the headers of a request show; of cookies the random ones."""
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


def without_credentials(response: Response) -> Response:
    """Return the answer with every token that it repeats replaced, and without cookies."""
    fields = response.headers
    # All at once, since most hold none; no token reaches across a line.
    lines = "\n".join([value for _, value in fields.pairs]).encode("utf-8", "replace")
    if any(map(is_secret_header, fields.names)) or may_hold_token(lines):
        fields = PLAIN.headers(fields)
    body = in_any_encoding(response.body, without_tokens)
    if fields is response.headers and body == response.body:
        return response
    return evolve(response, headers=fields, body=body)


def in_any_encoding(body: bytes, redact: Callable[[bytes], bytes]) -> bytes:
    """Return a redacted body: in UTF-8 if *redact* changes it, else unchanged."""
    text = to_utf8(body)
    redacted = redact(text)
    if text is body or redacted != text:
        return redacted
    return redact(body)  # its first bytes may be misleading


class Redactor:
    """Replaces the given credentials, and text that looks like one.

    To redact twice changes nothing.
    """

    def __init__(self, credentials: Iterable[Credential]) -> None:
        forms = sorted(_forms(item.reveal()) for item in credentials if item.is_certain)
        # Hidden, since the repr of a pattern shows it.
        self._known = Hidden(re.compile("|".join(forms))) if forms else None

    def text(self, text: str) -> str:
        """Return text without credentials."""
        return text_without_tokens(self._without_known(text))

    def request(self, request: Request) -> Request:
        """Return the request without credentials."""
        url, body = self.asked(request)
        return evolve(request, url=url, headers=self.headers(request.headers), body=body)

    def asked(self, request: Request) -> tuple[str, bytes]:
        """Return the URL and the body of a request without credentials."""
        # Not the host, without which a URL is none; a credential in it is found in the end.
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
        # Before what looks like a token is taken out, which may be a part of one.
        return self._known.reveal().sub(REDACTED, text) if self._known else text

    def _body(self, body: bytes) -> bytes:
        return in_any_encoding(body, self._utf8_body)

    def _utf8_body(self, body: bytes) -> bytes:
        if self._known is None:
            return without_tokens(body)
        try:
            tree = parse_json(body)
            redacted = _in_strings(tree, self._without_known)
            if redacted != tree:
                written = json.dumps(redacted, allow_nan=False, separators=(",", ":"))
                return without_tokens(written.encode())
        except (InvalidJson, RecursionError, ValueError):
            pass  # no JSON, or nested too deeply, or a number that JSON cannot write: a text
        return without_tokens(self._without_known(body.decode("latin-1")).encode("latin-1"))


PLAIN = Redactor(())
"""Takes out what looks like a credential, where none is known."""


def _in_strings(tree: Any, text: Callable[[str], str]) -> Any:
    """Return JSON with a function applied to each string and each key."""
    match tree:
        case str():
            return text(tree)
        case list():
            return [_in_strings(item, text) for item in tree]
        case dict():
            return {text(key): _in_strings(value, text) for key, value in tree.items()}
    return tree


def _forms(credential: str) -> str:
    """Return the pattern of a credential in every form that it is likely to be written in."""
    plain = "".join(_written(character) for character in credential)
    forms = [plain, "(?i:" + credential.encode().hex() + ")"]
    # Base64 of something in which it stands looks different by where it begins, modulo 3;
    # the characters at both ends also depend on what is around.
    for before, first in enumerate((0, 2, 3)):
        encoded = base64.b64encode(bytes(before) + credential.encode()).decode()
        inner = encoded[first : (before + len(credential)) * 4 // 3]
        forms.append("".join(_BASE64.get(character) or _written(character) for character in inner))
    return "|".join(forms)


# JSON within JSON doubles them; a bound keeps the search linear.
_BACKSLASHES = r"\\{1,16}"


def _written(character: str) -> str:
    """Return the pattern of a character as it is, percent-encoded, or as JSON escapes it.

    Each perhaps more than once, as JSON within JSON is.
    """
    code = f"{ord(character):02x}"
    escaped = re.escape(character)
    forms = [escaped, f"%(?:25)*(?i:{code})", rf"{_BACKSLASHES}u00(?i:{code})"]
    if character in '"\\/':
        forms.append(_BACKSLASHES + escaped)
    return f"(?:{'|'.join(forms)})"


# The other alphabet of base64 is that of URLs (RFC 4648, 5).
_BASE64 = {
    "+": f"(?:{_written('+')}|-)",
    "/": f"(?:{_written('/')}|_)",
}


def still_hold(content: bytes, credentials: Iterable[Credential]) -> bool:
    """Tell whether bytes hold any of the credentials, plain or encoded, perhaps encoded twice.

    It decodes, where `Redactor` looks for what is encoded: what one overlooks the other finds.
    """
    wanted = [credential.reveal().encode() for credential in credentials]
    if not wanted:
        return False
    for _ in range(_LAYERS):
        for _ in range(_LAYERS):
            unescaped, unquoted = _unescaped(content), unquote_to_bytes(content)
            if any(each in form for each in wanted for form in (content, unescaped, unquoted)):
                return True
            content = _unescaped(unquoted)
        # Text in UTF-16 or UTF-32 has zeros between its characters.
        content = b"\n".join(_decoded(content)).replace(b"\0", b"")
    return any(each in content for each in wanted)


_LAYERS = 3
_ESCAPE = re.compile(rb"\\+(?:u00([0-9a-fA-F]{2})|([\"\\/]))")
_HEX_RUN = re.compile(rb"[0-9a-fA-F]{16,}")
_BASE64_RUN = re.compile(rb"[A-Za-z0-9+/_\-]{11,}")  # of what has 8 characters or more


def _unescaped(content: bytes) -> bytes:
    return _ESCAPE.sub(lambda found: bytes.fromhex((found[1] or b"").decode()) or found[2], content)


def _decoded(content: bytes) -> Iterable[bytes]:
    for found in _BASE64_RUN.finditer(content):
        run = found[0].replace(b"-", b"+").replace(b"_", b"/")
        for start in range(4):  # what it stands in may begin anywhere
            part = run[start:]
            part = part[: len(part) - (len(part) % 4 == 1)]
            yield base64.b64decode(part + b"=" * (-len(part) % 4))
    for found in _HEX_RUN.finditer(content):
        for start in (0, 1):
            part = found[0][start:]
            yield bytes.fromhex(part[: len(part) // 2 * 2].decode())
