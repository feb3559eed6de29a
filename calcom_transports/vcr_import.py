"""Import of cassettes that VCR.py wrote: version 1 of its format, in YAML or in JSON.

What VCR.py never writes, no import can miss: failures such as timeouts, and any but the first value
of a request header that was sent more than once.
"""

import base64
import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import StrEnum
from importlib import import_module
from io import BytesIO
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit

from attrs import define, field, frozen

from calcom_core.errors import InvalidInput
from calcom_core.http import Headers, Request, Response
from calcom_core.json_text import InvalidJson, parse_json
from calcom_core.redaction import Redactor, collect_credentials
from calcom_transports.cassette import Cassette, Recorded, Run, is_bytes
from calcom_transports.replay_errors import CassetteError

VERSION = 1

_MAX_BODY = 16 * 1024 * 1024  # as of the network, whose module needs more to be installed
# A small file can stand for much: by aliases, and by compression.
_MOST = 8 * _MAX_BODY
_OVERHEAD = 200  # what a value takes beside its text, about, in bytes

_UNSAFE_URL = re.compile(r"[^\x21-\x7e]")
_FIRST_OF_JSON = (b"{", b"[")


class ImportLoss(StrEnum):
    """What may be lost, in the order in which it is told."""

    CREDENTIALS = (
        "Credentials are replaced by [redacted]; the file still holds them: revoke them, "
        "and record with filter_headers."
    )
    PROGRAMS = (
        "Which exchanges belonged to one call, or to one of several branches at once, is not "
        "known; each request is answered by the first unplayed exchange that is equal to it."
    )
    CODING = "Bodies are stored decoded, without their Content-Encoding and Content-Length."
    FRAMING = "Transfer-Encoding is left out."
    MESSAGES = "Status messages, such as OK, are left out."


@frozen
class Imported:
    """A cassette that VCR.py wrote, as one of ours, and what of it is lost.

    *lost* is one sentence each, and empty if nothing is. An exchange whose body cannot be decoded
    is left out and is one of them; a body in brotli needs the package `brotli` or `brotlicffi`.
    """

    cassette: Cassette
    lost: tuple[str, ...]


def load_vcr(path: str | PathLike[str]) -> Imported:
    """Import a cassette of VCR.py from a file.

    Args:
        path: where it is; whether it is YAML or JSON shows in its content, not in its name.

    Returns:
        The cassette, without credentials, and what is lost.
        Save it with `calcom_transports.cassette.dumps`, or hand it to `Replay`.

    Raises:
        CassetteError: `missing`, there is no such file; `unreadable`, it is damaged, is of another
            version or holds what is no plain data, or it is YAML, and PyYAML is not installed.
    """
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise CassetteError(
            f"there is no cassette at {path}; mend the path", reason="missing"
        ) from error
    except (OSError, TypeError, ValueError) as error:  # ValueError: a NUL in the path
        raise CassetteError(
            f"the cassette {path} cannot be opened: {error}", reason="unreadable"
        ) from error
    return loads_vcr(content, name=str(path))


def loads_vcr(content: bytes, *, name: str = "the cassette") -> Imported:
    """Import a cassette of VCR.py from its bytes.

    Args:
        content: YAML or JSON.
        name: what messages call it.

    Returns:
        The cassette, without credentials, and what is lost.

    Raises:
        CassetteError: `unreadable`, as `load_vcr` does.
        InvalidInput: *content* is not bytes, or *name* is not a string.
    """
    is_bytes(content, name)
    reading = _Reading()
    try:
        return reading.imported(_tree(content), name)
    except _Damage as damage:
        where = f"{reading.place}: " if reading.place else ""
        problem = f"{name} cannot be imported: {where}{damage}"
    # Out of the handler, so that no cause shows what the file holds.
    raise CassetteError(problem, reason="unreadable")


class _Damage(Exception):
    """What is wrong with a file, and perhaps the way out; never what it holds."""


class _Undecodable(Exception):
    """Says why a body cannot be decoded, and perhaps the way out."""


def _tree(content: bytes) -> Any:
    if not content.lstrip().startswith(_FIRST_OF_JSON):
        return _yaml(content)
    try:
        return parse_json(content)
    except InvalidJson as error:
        raise _Damage(f"it is {error}; restore it") from None


def _yaml(content: bytes) -> Any:
    try:
        import yaml
    except ImportError:
        raise _Damage(
            "it is YAML, which needs PyYAML: pip install 'calcom-bookings[yaml]'"
        ) from None

    class Loader(yaml.SafeLoader):  # the one in C overflows its stack where this one raises
        # Refuses every tag but those below.
        yaml_constructors = {None: yaml.SafeLoader.construct_undefined}  # noqa: RUF012

        def flatten_mapping(self, node: yaml.MappingNode) -> None:
            """Leave `<<` alone, which then is refused: merging doubles what it merges."""

    def text(loader: Loader, node: Any) -> Any:
        return loader.construct_scalar(node)

    def number(loader: Loader, node: Any) -> Any:
        # Not YAML's own ways of writing them, one of which takes hours for a megabyte.
        written = loader.construct_scalar(node)
        return int(written) if re.fullmatch("[0-9]{1,9}", written) else written

    def bytes_io(loader: Loader, node: Any) -> Any:
        state = loader.construct_mapping(node, deep=True)["state"]
        return state[0]

    def iterator(loader: Loader, node: Any) -> Any:
        arguments = loader.construct_mapping(node, deep=True)["args"]
        return arguments[0]

    constructors: dict[str, Any] = {
        **dict.fromkeys(("str", "bool", "float", "timestamp"), text),
        "int": number,
        "null": Loader.construct_yaml_null,
        "binary": Loader.construct_yaml_binary,
        "seq": Loader.construct_yaml_seq,
        "map": Loader.construct_yaml_map,
        # What old versions of VCR.py wrote; plain data comes of it, and nothing is called.
        "python/str": text,
        "python/unicode": text,
        "python/tuple": Loader.construct_yaml_seq,
        "python/object/new:_io.BytesIO": bytes_io,
        "python/object/apply:builtins.iter": iterator,
    }
    for tag, constructor in constructors.items():
        Loader.add_constructor(f"tag:yaml.org,2002:{tag}", constructor)
    try:
        return yaml.load(content, Loader)  # noqa: S506 - it is a SafeLoader, and less
    except yaml.constructor.ConstructorError as error:
        raise _Damage(
            f"it holds a tag or a key that is no plain data{_line(error)}; take it out"
        ) from None
    except RecursionError:
        raise _Damage("it is YAML that is nested too deeply; restore it") from None
    # PyYAML also lets out errors that are not its own.
    except (yaml.YAMLError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise _Damage(f"it is not YAML{_line(error)}; restore it") from None


def _line(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f" (line {mark.line + 1})" if mark else ""


@define
class _Reading:
    """How far a file was read: where, what is lost so far, and how much may still come of it."""

    place: str = ""
    room: int = _MOST
    lost: set[ImportLoss] = field(factory=set)
    left_out: list[str] = field(factory=list)
    unknown: set[str] = field(factory=set)

    def imported(self, tree: Any, name: str) -> Imported:
        if isinstance(tree, list):
            raise _Damage("it is of VCR.py before 1.0; migrate it: python -m vcr.migration")
        if isinstance(tree, dict) and "format" in tree and "interactions" not in tree:
            raise _Damage("it is no cassette of VCR.py; give it to Replay, if it is one of ours")
        top = self.mapping(tree, "the file", "interactions", "version")
        version = top.get("version")
        if type(version) is not int or version != VERSION:
            raise _Damage(f"it is not of version {VERSION} of the format; record it again")
        interactions = top.get("interactions")
        if not isinstance(interactions, list):
            raise _Damage("interactions is no list; restore it")
        exchanges = [
            self.exchange(item, f"interactions[{number}]")
            for number, item in enumerate(interactions)
        ]
        redactor = Redactor(frozenset().union(*(collect_credentials(one) for one, _ in exchanges)))
        redacted = [
            (redactor.request(one), other and redactor.response(other)) for one, other in exchanges
        ]
        if redacted != exchanges:
            self.lost.add(ImportLoss.CREDENTIALS)
        runs = tuple(
            Run((Recorded((), asked, answer),)) for asked, answer in redacted if answer is not None
        )
        if len(runs) > 1:
            self.lost.add(ImportLoss.PROGRAMS)
        lost = [str(loss) for loss in ImportLoss if loss in self.lost] + self.left_out
        if self.unknown:
            lost.append(f"Left out are keys not known here: {', '.join(sorted(self.unknown))}.")
        return Imported(Cassette(runs, name, loose=True), tuple(lost))

    def exchange(self, item: Any, place: str) -> tuple[Request, Response | None]:
        self.place = place
        parts = self.mapping(item, "interaction", "request", "response")
        self.place = f"{place}.request"
        request = self.request(parts.get("request"))
        self.place = f"{place}.response"
        try:
            return request, self.response(parts.get("response"))
        except _Undecodable as problem:
            self.left_out.append(f"{place} is left out: its body {problem}.")
            return request, None

    def request(self, item: Any) -> Request:
        parts = self.mapping(item, "request", "method", "uri", "headers", "body")
        headers = Headers(self.fields(parts.get("headers")))
        url = self.url(self.text(parts.get("uri"), "uri"))
        method = self.text(parts.get("method"), "method")
        try:
            return Request(method, url, headers, self.body(parts.get("body"), "request"))
        except InvalidInput as error:
            raise _Damage(f"{error}; mend it") from None

    def response(self, item: Any) -> Response:
        # Old recordings of httpx have the flat form.
        known = ("status", "headers", "body", "status_code", "content")
        parts = self.mapping(item, "response", *known)
        status = self.mapping(parts.get("status", {}), "response.status", "code", "message")
        if status.get("message"):
            self.lost.add(ImportLoss.MESSAGES)
        code = status.get("code", parts.get("status_code"))
        if isinstance(code, bool) or not isinstance(code, int):
            raise _Damage("its status code is no integer; restore it")
        held = parts.get("body", parts.get("content"))
        headers = Headers(self.fields(parts.get("headers")))
        body = self.decoded(held, self.body(held, "response"), headers)
        left_out = set()
        if "transfer-encoding" in headers:
            self.lost.add(ImportLoss.FRAMING)
            left_out = {"transfer-encoding"}
        if "content-encoding" in headers:
            self.lost.add(ImportLoss.CODING)
            left_out |= {"content-encoding", "content-length"}
        kept = [pair for pair in headers if pair[0].lower() not in left_out]
        return Response(code, Headers(kept), body)

    def decoded(self, held: Any, body: bytes, headers: Headers) -> bytes:
        named = ",".join(headers.get_all("content-encoding")).lower().split(",")
        codings = [name.strip() for name in named if name.strip() not in ("", "identity")]
        if isinstance(held, dict):
            held = held.get("string")
        # No compressed body is text: what is text was decoded by whatever VCR.py recorded.
        if isinstance(held, str):
            return body
        for coding in reversed(codings):
            if not body:
                break
            decode = _DECODERS.get(coding)
            if decode is None:
                raise _Undecodable(
                    "has a coding other than gzip, deflate and br; record it with "
                    "decode_compressed_response=True"
                )
            try:
                body = decode(body)
            except (OSError, EOFError, zlib.error):
                raise _Undecodable(
                    f"is not {coding}, as its Content-Encoding says; record it again"
                ) from None
            self.spend(len(body))
            if len(body) > _MAX_BODY:
                raise _Undecodable(f"has more than {_MAX_BODY} bytes")
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
                    raise _Damage("its body is not base64; restore it") from None
        chunks = item if isinstance(item, list) else [] if item is None else [item]
        return b"".join([self.octets(chunk, "body") for chunk in chunks])

    def fields(self, item: Any) -> Iterator[tuple[str, str]]:
        for name, values in ({} if item is None else self.mapping(item)).items():
            for value in values if isinstance(values, list) else [values]:
                yield self.text(name, "headers"), self.text(value, "headers")

    def url(self, uri: str) -> str:
        try:
            host = urlsplit(uri).netloc
        except ValueError:
            raise _Damage("uri is no URL; mend it") from None
        if "@" in host:
            raise _Damage("uri holds a user or a password; take them out, and revoke them")
        if _UNSAFE_URL.search(host) or not _UNSAFE_URL.search(uri):
            return uri  # a host is not encoded that way
        return _UNSAFE_URL.sub(lambda found: quote(found[0]), uri)

    def text(self, item: Any, what: str) -> str:
        octets = self.octets(item, what)
        # RFC 9112, 5.5: header octets, whatever they are.
        return item if isinstance(item, str) else octets.decode("latin-1")

    def octets(self, item: Any, what: str) -> bytes:
        if isinstance(item, str):
            try:
                item = item.encode()
            except UnicodeEncodeError:
                raise _Damage(f"{what} holds half of a surrogate pair; restore it") from None
        if not isinstance(item, bytes):
            _refuse(what, "text", item)
        self.spend(len(item) + _OVERHEAD)
        return item

    def mapping(self, item: Any, part: str = "", *known: str) -> dict[Any, Any]:
        if not isinstance(item, dict):
            _refuse(part or "headers", "a mapping", item)
        self.spend(len(item) * _OVERHEAD)
        if known:
            within = "" if part == "the file" else f"{part}."
            self.unknown.update(f"{within}{_shown(key)}" for key in item if key not in known)
        return item

    def spend(self, size: int) -> None:
        self.room -= size
        if self.room < 0:
            raise _Damage(f"more than {_MOST} bytes come of the file up to here; split it")


def _refuse(what: str, wanted: str, item: Any) -> NoReturn:
    found = "missing" if item is None else f"not {wanted}"
    raise _Damage(f"{what} is {found}; restore it")


def _shown(key: Any) -> str:
    return key if isinstance(key, str) and re.fullmatch(r"[\w\-]{1,40}", key) else "…"


def _gunzipped(body: bytes) -> bytes:
    with gzip.GzipFile(fileobj=BytesIO(body)) as file:
        return file.read(_MAX_BODY + 1)


def _inflated(body: bytes) -> bytes:
    # Many servers leave out the header of RFC 1950, which then is not there to be recognised.
    has_header = body[0] & 15 == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    stream = zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)
    decoded = stream.decompress(body, _MAX_BODY + 1)
    if not stream.eof and len(decoded) <= _MAX_BODY:
        raise EOFError
    return decoded


def _unbrotlied(body: bytes) -> bytes:
    brotli = _brotli()
    if brotli is None:
        raise _Undecodable("has the coding br; to read it, pip install brotli")
    decompressor = brotli.Decompressor()
    try:
        decoded: bytes = decompressor.process(body, output_buffer_limit=_MAX_BODY + 1)
    except TypeError:
        raise _Undecodable("has the coding br; to read it, pip install 'brotli>=1.2'") from None
    except brotli.error:
        raise EOFError from None
    if not decompressor.is_finished() and len(decoded) <= _MAX_BODY:
        raise EOFError
    return decoded


def _brotli() -> ModuleType | None:
    for name in ("brotli", "brotlicffi"):
        with suppress(ImportError):
            return import_module(name)
    return None


_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": _gunzipped,
    "x-gzip": _gunzipped,
    "deflate": _inflated,
    "br": _unbrotlied,
}
