"""Imports cassettes that VCR.py wrote: version 1 of its format, in YAML or in JSON.

The result is a `Cassette` without credentials, and a list of the data that was lost. Two losses
have no trace in the file: failures such as timeouts, and repeated request headers after the first.
The size of the result is limited, since aliases and compression let a small file expand.
`vcr_yaml` reads YAML, `vcr_bodies` decodes bodies.
"""

import base64
import re
from collections.abc import Iterator
from enum import StrEnum
from os import PathLike
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit

from attrs import define, field, frozen

from calcom_core.errors import InvalidInput
from calcom_core.http import Headers, Request, Response
from calcom_core.json_text import InvalidJson, parse_json
from calcom_core.redaction import Redactor, collect_credentials
from calcom_transports.cassette import Cassette, RecordedExchange, Run, check_content, read_file
from calcom_transports.replay_errors import CassetteError
from calcom_transports.vcr_bodies import MAX_BODY, UndecodableBody, decode_body
from calcom_transports.vcr_yaml import InvalidFile, load_yaml

VERSION = 1

_MAX_SIZE = 8 * MAX_BODY  # bytes of all values that a file expands to
_OVERHEAD = 200  # bytes of memory that a value takes besides its text, roughly

_UNSAFE_IN_URL = re.compile(r"[^\x21-\x7e]")
_BEGINS_JSON = (b"{", b"[")


class ImportLoss(StrEnum):
    """A kind of data that an import may lose, in the order of the messages."""

    CREDENTIALS = (
        "Credentials are replaced by [redacted]; the file still holds them: revoke them, "
        "and record with filter_headers."
    )
    PROGRAMS = (
        "The file does not tell which exchanges belong to one call or branch; each request gets "
        "the first unplayed exchange that is equal to it."
    )
    CODING = "Bodies are stored decoded, without their Content-Encoding and Content-Length."
    FRAMING = "Transfer-Encoding is left out."
    MESSAGES = "Status messages, such as OK, are left out."


@frozen
class ImportedCassette:
    """A cassette that VCR.py wrote, converted.

    Attributes:
        cassette: the exchanges, for `Replay` or `calcom_transports.cassette_file.save`.
        losses: a sentence for each kind of data that was lost. An exchange whose body cannot be
            decoded is left out, and is one of them.
    """

    cassette: Cassette
    losses: tuple[str, ...]


def load_vcr(path: str | PathLike[str]) -> ImportedCassette:
    """Import a cassette of VCR.py from a file.

    Brotli bodies need the package `brotli` or `brotlicffi`, and YAML needs PyYAML.

    Args:
        path: the file; its content tells whether it is YAML or JSON, not its name.

    Returns:
        The cassette, without credentials, and the losses.

    Raises:
        CassetteError: `missing` if there is no such file; `unreadable` if it is damaged, has
            another version or other than plain data, or is YAML and PyYAML is not installed.
    """
    return loads_vcr(read_file(path, "fix the path"), name=str(path))


def loads_vcr(content: bytes, *, name: str = "the cassette") -> ImportedCassette:
    """Import a cassette of VCR.py from its bytes.

    Args:
        content: YAML or JSON.
        name: the name of the cassette in messages.

    Returns:
        The cassette, without credentials, and the losses.

    Raises:
        CassetteError: `unreadable`, as `load_vcr` does.
        InvalidInput: *content* is not bytes, or *name* is not a string.
    """
    check_content(content, name)
    state = _Import()
    try:
        return state.cassette(_parse(content), name)
    except InvalidFile as error:
        place = f"{state.place}: " if state.place else ""
        problem = f"{name} cannot be imported: {place}{error}"
    # Raised outside the handler, so no cause shows the content of the file.
    raise CassetteError(problem, reason="unreadable")


def _parse(content: bytes) -> Any:
    if not content.lstrip().startswith(_BEGINS_JSON):
        return load_yaml(content)
    try:
        return parse_json(content)
    except InvalidJson as error:
        raise InvalidFile(f"it is {error}; restore it") from None


@define
class _Import:
    """The state of an import: its place in the file, its losses, and the bytes it may still use."""

    place: str = ""
    budget: int = _MAX_SIZE
    losses: set[ImportLoss] = field(factory=set)
    left_out: list[str] = field(factory=list)
    unknown_keys: set[str] = field(factory=set)

    def cassette(self, tree: Any, name: str) -> ImportedCassette:
        if isinstance(tree, list):
            raise InvalidFile("it is of VCR.py before 1.0; migrate it: python -m vcr.migration")
        if isinstance(tree, dict) and "format" in tree and "interactions" not in tree:
            raise InvalidFile(
                "it is not a cassette of VCR.py; give it to Replay, if calcom-bookings wrote it"
            )
        top = self.mapping(tree, "the file", "interactions", "version")
        version = top.get("version")
        if type(version) is not int or version != VERSION:
            raise InvalidFile(f"it is not of version {VERSION} of the format; record it again")
        interactions = top.get("interactions")
        if not isinstance(interactions, list):
            raise InvalidFile("interactions is not a list; restore it")
        exchanges = [
            self.exchange(item, f"interactions[{number}]")
            for number, item in enumerate(interactions)
        ]
        requests = (request for request, _ in exchanges)
        redactor = Redactor(frozenset().union(*map(collect_credentials, requests)))
        redacted = [
            (redactor.request(request), response and redactor.response(response))
            for request, response in exchanges
        ]
        if redacted != exchanges:
            self.losses.add(ImportLoss.CREDENTIALS)
        runs = tuple(
            Run((RecordedExchange((), request, response),))
            for request, response in redacted
            if response is not None
        )
        if len(runs) > 1:
            self.losses.add(ImportLoss.PROGRAMS)
        losses = [str(loss) for loss in ImportLoss if loss in self.losses] + self.left_out
        if self.unknown_keys:
            losses.append(f"Unknown keys are left out: {', '.join(sorted(self.unknown_keys))}.")
        return ImportedCassette(Cassette(runs, name, any_order=True), tuple(losses))

    def exchange(self, item: Any, place: str) -> tuple[Request, Response | None]:
        self.place = place
        parts = self.mapping(item, "interaction", "request", "response")
        self.place = f"{place}.request"
        request = self.request(parts.get("request"))
        self.place = f"{place}.response"
        try:
            return request, self.response(parts.get("response"))
        except UndecodableBody as problem:
            self.left_out.append(f"{place} is left out: its body {problem}.")
            return request, None

    def request(self, item: Any) -> Request:
        parts = self.mapping(item, "request", "method", "uri", "headers", "body")
        headers = Headers(self.headers(parts.get("headers")))
        url = self.url(self.text(parts.get("uri"), "uri"))
        method = self.text(parts.get("method"), "method")
        try:
            return Request(method, url, headers, self.body(parts.get("body"), "request"))
        except InvalidInput as error:
            raise InvalidFile(f"{error}; fix it") from None

    def response(self, item: Any) -> Response:
        # Old recordings of httpx have `status_code` and `content`.
        known = ("status", "headers", "body", "status_code", "content")
        parts = self.mapping(item, "response", *known)
        status = self.mapping(parts.get("status", {}), "response.status", "code", "message")
        if status.get("message"):
            self.losses.add(ImportLoss.MESSAGES)
        code = status.get("code", parts.get("status_code"))
        if isinstance(code, bool) or not isinstance(code, int):
            raise InvalidFile("its status code is not an integer; restore it")
        stored = parts.get("body", parts.get("content"))
        headers = Headers(self.headers(parts.get("headers")))
        body = self.decoded_body(stored, self.body(stored, "response"), headers)
        removed = set()
        if "transfer-encoding" in headers:
            self.losses.add(ImportLoss.FRAMING)
            removed = {"transfer-encoding"}
        if "content-encoding" in headers:
            self.losses.add(ImportLoss.CODING)
            removed |= {"content-encoding", "content-length"}
        kept = [pair for pair in headers if pair[0].lower() not in removed]
        return Response(code, Headers(kept), body)

    def decoded_body(self, stored: Any, body: bytes, headers: Headers) -> bytes:
        if isinstance(stored, dict):
            stored = stored.get("string")
        # A compressed body is never text: VCR.py recorded this one decoded.
        if isinstance(stored, str):
            return body
        names = ",".join(headers.get_all("content-encoding")).lower().split(",")
        codings = [name.strip() for name in names if name.strip() not in ("", "identity")]
        for coding in reversed(codings):
            if body:
                body = decode_body(body, coding)
                self.spend(len(body))
            if len(body) > MAX_BODY:
                raise UndecodableBody(f"has more than {MAX_BODY} bytes")
        return body

    def body(self, item: Any, part: str) -> bytes:
        if isinstance(item, dict):
            parts = self.mapping(item, f"{part}.body", "string", "base64_string")
            if "base64_string" not in parts:
                item = parts.get("string")
            else:
                encoded = self.text(parts["base64_string"], "base64_string")
                try:
                    item = base64.b64decode(encoded)
                except ValueError:
                    raise InvalidFile("its body is not base64; restore it") from None
        chunks = item if isinstance(item, list) else [] if item is None else [item]
        return b"".join([self.bytes_of(chunk, "body") for chunk in chunks])

    def headers(self, item: Any) -> Iterator[tuple[str, str]]:
        for name, values in ({} if item is None else self.mapping(item)).items():
            for value in values if isinstance(values, list) else [values]:
                yield self.text(name, "headers"), self.text(value, "headers")

    def url(self, uri: str) -> str:
        try:
            host = urlsplit(uri).netloc
        except ValueError:
            raise InvalidFile("uri is not a URL; fix it") from None
        if "@" in host:
            raise InvalidFile("uri holds a user or a password; remove them, and revoke them")
        if _UNSAFE_IN_URL.search(host) or not _UNSAFE_IN_URL.search(uri):
            return uri  # percent-encoding is not valid in a host; `Request` refuses it
        return _UNSAFE_IN_URL.sub(lambda character: quote(character[0]), uri)

    def text(self, item: Any, name: str) -> str:
        content = self.bytes_of(item, name)
        # Header bytes that are not ASCII have no encoding (RFC 9112, 5.5); Latin-1 keeps them all.
        return item if isinstance(item, str) else content.decode("latin-1")

    def bytes_of(self, item: Any, name: str) -> bytes:
        if isinstance(item, str):
            try:
                item = item.encode()
            except UnicodeEncodeError:
                raise InvalidFile(f"{name} holds a lone surrogate; restore it") from None
        if not isinstance(item, bytes):
            _refuse(name, "text", item)
        self.spend(len(item) + _OVERHEAD)
        return item

    def mapping(self, item: Any, part: str = "", *known: str) -> dict[Any, Any]:
        """Return a mapping; note its keys that are not *known*, if any are given."""
        if not isinstance(item, dict):
            _refuse(part or "headers", "a mapping", item)
        self.spend(len(item) * _OVERHEAD)
        if known:
            prefix = "" if part == "the file" else f"{part}."
            self.unknown_keys.update(
                f"{prefix}{_printable_key(key)}" for key in item if key not in known
            )
        return item

    def spend(self, size: int) -> None:
        """Reduce the budget; aliases and compressed bodies can exceed it."""
        self.budget -= size
        if self.budget < 0:
            raise InvalidFile(
                f"the file expands to more than {_MAX_SIZE} bytes up to here; split it"
            )


def _refuse(name: str, expected: str, item: Any) -> NoReturn:
    problem = "missing" if item is None else f"not {expected}"
    raise InvalidFile(f"{name} is {problem}; restore it")


def _printable_key(key: Any) -> str:
    return key if isinstance(key, str) and re.fullmatch(r"[\w\-]{1,40}", key) else "…"
