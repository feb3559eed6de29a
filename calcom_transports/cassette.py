"""The file format of recorded exchanges: `load` reads a cassette, `dumps` writes one.

A cassette is one JSON file. It lists runs, one for each program, and in each run its exchanges,
sorted by branch. An exchange has a request, and a response, a failure or `"cancelled": true`.
A JSON body in UTF-8 is stored as JSON, an empty body as null, any other as `{"base64": …}`:
people can read and edit the file, and no byte is lost.
The smallest file; of the headers of a request, a replay compares only the version:

    {"format": "calcom-bookings cassette", "version": 1, "runs": [{"exchanges": [{
      "branch": [],
      "request": {"method": "GET", "url": "https://api.cal.com/v2/bookings/uid",
                  "headers": [["cal-api-version", "2024-08-13"]], "body": null},
      "response": {"status": 404, "headers": [], "body": {"statusCode": 404, "message": "gone"}}
    }]}]}

A failure replaces `response`:
`"failure": {"type": "NoAnswer", "reason": "timeout", "message": "no byte within 60 s"}`.
`"personal"` is `"kept"` (the default), `"replaced"`, or `"keyed"` for pseudonyms with a key.
With `"any_order": true`, each request gets the first unplayed exchange that is equal to it, from
any run and branch; the cassettes of other tools know neither.
"""

import base64
import json
import re
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from attrs import evolve

from calcom_core.errors import NoAnswer, NotSent, TransportError
from calcom_core.http import Headers, Request, Response
from calcom_core.json_text import InvalidJson, is_deeper_than, parse_json
from calcom_core.redaction import SHORTEST, Credential, contains_credentials
from calcom_transports.cassette_values import PERSONAL, require
from calcom_transports.cassette_values import Cancelled as Cancelled
from calcom_transports.cassette_values import Cassette as Cassette
from calcom_transports.cassette_values import Failure as Failure
from calcom_transports.cassette_values import Outcome as Outcome
from calcom_transports.cassette_values import RecordedExchange as RecordedExchange
from calcom_transports.cassette_values import Run as Run
from calcom_transports.matching import split_url
from calcom_transports.redaction import (
    BeforeRecord,
    Redaction,
    apply_before_record,
    check_before_record,
    check_redaction,
    credentials_in,
    redact,
)
from calcom_transports.replay_errors import CassetteError

FORMAT = "calcom-bookings cassette"
VERSION = 1

_MAX_DEPTH = 50  # levels of a body that is stored as JSON; a deeper one is stored as base64

# Every exception that a tree of another form can cause; `InvalidInput` is a ValueError.
_DAMAGE = (InvalidJson, LookupError, TypeError, ValueError, AttributeError, RecursionError)

_FAILURES: Mapping[str, type[TransportError]] = {"NotSent": NotSent, "NoAnswer": NoAnswer}


def load(path: str | PathLike[str]) -> Cassette:
    """Read a cassette from a file.

    Raises `CassetteError`: `missing` if there is no such file, `unreadable` if it is damaged or a
    newer version wrote it.
    """
    way_out = "record it (mode once; with pytest --calcom-record=once), or fix the path"
    return loads(read_file(path, way_out), name=str(path))


def read_file(path: str | PathLike[str], way_out: str) -> bytes:
    """Return the content of a cassette; *way_out* tells what to do if it is missing."""
    try:
        return Path(path).read_bytes()
    except FileNotFoundError as error:
        raise CassetteError(
            f"there is no cassette at {path}; {way_out}", reason="missing"
        ) from error
    except (OSError, TypeError, ValueError) as error:  # ValueError: a NUL in the path
        problem = getattr(error, "strerror", None) or error
        raise _unreadable(
            f"the cassette {path} cannot be opened ({problem}); fix the path or the permissions"
        ) from error


def _unreadable(problem: str) -> CassetteError:
    return CassetteError(problem, reason="unreadable")


def loads(content: bytes, *, name: str = "the cassette") -> Cassette:
    """Read a cassette from its bytes; *name* is its name in messages.

    Raises `CassetteError` (`unreadable`) as `load` does, and `InvalidInput` for an argument of
    another type.
    """
    check_content(content, name)
    try:
        tree = parse_json(content)
        if not isinstance(tree, dict):
            raise TypeError("it is not an object")
        if "format" not in tree and "interactions" in tree:
            raise _unreadable(
                f"{name} is a cassette of VCR.py; "
                "import it with calcom_transports.vcr_import.load_vcr"
            )
        if tree["format"] != FORMAT:
            raise _unreadable(f"{name} is not a {FORMAT}")
        if type(tree["version"]) is not int:
            raise TypeError("its version is not an integer")
        if tree["version"] != VERSION:
            raise _unreadable(
                f"{name} has version {tree['version']} of the format, but this calcom-bookings "
                f"reads only version {VERSION}; install a newer one"
            )
        runs = tuple(_read_run(run, number) for number, run in enumerate(_array(tree["runs"])))
        personal, any_order = tree.get("personal", PERSONAL[0]), tree.get("any_order", False)
        return Cassette(runs, name, personal, any_order)
    except _DAMAGE as error:
        raise _unreadable(f"{name} is damaged ({_describe(error)}); restore it") from error


def check_content(content: object, name: object) -> None:
    """Raise `InvalidInput` if a file's content is not bytes, or its name not a string."""
    require("content", content, bytes, "bytes")
    require("name", name, str, "a string")


def _array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"an array is missing, {type(value).__name__} is there instead")
    return value


def _describe(damage: BaseException) -> str:
    return f"there is no {damage}" if isinstance(damage, KeyError) else str(damage)


def _read_run(run: Any, number: int) -> Run:
    items = enumerate(_array(run["exchanges"]))
    return Run(
        tuple(_read_exchange(item, f"runs[{number}].exchanges[{index}]") for index, item in items)
    )


def _read_exchange(item: Any, place: str) -> RecordedExchange:
    try:
        request = item["request"]
        return RecordedExchange(
            tuple(_array(item["branch"])),
            Request(
                request["method"],
                request["url"],
                _read_headers(request["headers"]),
                _read_body(request["body"]),
            ),
            _read_outcome(item),
        )
    except _DAMAGE as error:
        raise ValueError(f"{place}: {_describe(error)}") from error


def _read_outcome(item: Mapping[str, Any]) -> Outcome:
    cancelled = item.get("cancelled", False)
    if not isinstance(cancelled, bool):
        raise TypeError("cancelled is not a boolean")
    if cancelled:
        return Cancelled()
    if "failure" in item:
        failure = item["failure"]
        return Failure(_FAILURES[failure["type"]], failure["message"], failure["reason"])
    response = item["response"]
    headers = _read_headers(response["headers"])
    return Response(response["status"], headers, _read_body(response["body"]))


def _read_headers(pairs: Any) -> Headers:
    return Headers([(name, value) for name, value in map(_array, _array(pairs))])


def _read_body(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, dict) and body.keys() == {"base64"}:
        return base64.b64decode(body["base64"], validate=True)
    return _compact_json(body).encode()


# Servers and clients write JSON without spaces, so most bodies are replayed to the byte.
_compact_json = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def dumps(
    cassette: Cassette,
    redaction: Redaction | None = None,
    before_record: BeforeRecord | None = None,
) -> bytes:
    """Return the bytes of a cassette, redacted and then changed by *before_record*.

    Every recording is written by this function; equal recordings give equal bytes.
    Raises `CassetteError` (`credential-left`) if the bytes would still hold a credential of a
    request, and any exception of *before_record*.
    """
    require("cassette", cassette, Cassette, "a Cassette")
    check_before_record(before_record)
    redaction = check_redaction(redaction)
    credentials = credentials_in(cassette, redaction)
    if not all(credential.is_certain for credential in credentials):
        raise CassetteError(
            f"{cassette.name} was not written: a credential of fewer than {SHORTEST} characters "
            "looks like other text; record with a longer one",
            reason="credential-left",
        )
    redacted = redact(cassette, redaction, credentials)
    if before_record is not None:
        redacted = evolve(redacted, runs=tuple(apply_before_record(before_record, redacted.runs)))
    tree = _cassette_tree(redacted)
    content = _write_json(tree)
    if not contains_credentials(content, credentials):
        return content
    place = _place_of_credential(tree["runs"], credentials)
    del redacted, tree, content  # no frame that raises holds the credential
    raise CassetteError(
        f"{cassette.name} was not written: {place} still holds a credential, in an encoding that "
        "cannot be redacted; do not send it there",
        reason="credential-left",
    )


def _cassette_tree(cassette: Cassette) -> dict[str, Any]:
    tree: dict[str, Any] = {"format": FORMAT, "version": VERSION}
    if cassette.personal != PERSONAL[0]:
        tree["personal"] = cassette.personal
    if cassette.any_order:
        tree["any_order"] = True
    tree["runs"] = [
        {"exchanges": [_exchange_tree(item) for item in run.exchanges]} for run in cassette.runs
    ]
    return tree


def _write_json(tree: Any) -> bytes:
    content = json.dumps(tree, ensure_ascii=False, indent=1) + "\n"
    # A lone surrogate is escaped, as JSON and Python both write it.
    return _PAIR.sub(r"[\1, \2]", content).encode(errors="backslashreplace")


# Puts each header on one line, which people read more easily.
_PAIR = re.compile(r'\[\n +("(?:[^"\\]|\\.)*"),\n +("(?:[^"\\]|\\.)*")\n +\]')


def _place_of_credential(runs: list[dict[str, Any]], credentials: frozenset[Credential]) -> str:
    places = (
        (f"runs[{number}].exchanges[{index}].{part}", value)
        for number, run in enumerate(runs)
        for index, exchange in enumerate(run["exchanges"])
        for part, value in exchange.items()
    )
    found = (
        place for place, value in places if contains_credentials(_write_json(value), credentials)
    )
    return next(found, "it")


def _exchange_tree(exchange: RecordedExchange) -> dict[str, Any]:
    request = exchange.request
    outcome, label = _outcome_tree(exchange.outcome)
    _, path, query = split_url(request.url)
    target = f"{path}?{query}" if query else path
    return {
        "branch": list(exchange.branch),
        "summary": f"{request.method} {target} {label}",
        "request": {
            "method": request.method,
            "url": request.url,
            "headers": [list(pair) for pair in request.headers],
            "body": _body_tree(request.body),
        },
        **outcome,
    }


def _outcome_tree(outcome: Outcome) -> tuple[dict[str, Any], str]:
    """Return the part of the file for an outcome, and its label in the summary."""
    match outcome:
        case Cancelled():
            return {"cancelled": True}, "cancelled"
        case Failure():
            name = "NotSent" if issubclass(outcome.error, NotSent) else "NoAnswer"
            failure = {"type": name, "reason": outcome.reason, "message": outcome.message}
            return {"failure": failure}, f"{name} ({outcome.reason})"
    response = {
        "status": outcome.status,
        "headers": [list(pair) for pair in outcome.headers],
        "body": _body_tree(outcome.body),
    }
    return {"response": response}, str(outcome.status)


def _body_tree(body: bytes) -> Any:
    """Return a body as the file stores it; the opposite of `_read_body`."""
    if not body:
        return None
    tree = _lossless_json(body)
    return {"base64": base64.b64encode(body).decode()} if tree is None else tree


def _lossless_json(body: bytes) -> Any:
    """Return a body as JSON, or None if reading the file would give other bytes."""
    try:
        # Decoded as UTF-8 first: `json.loads` would also accept UTF-16, and lose the encoding.
        tree = json.loads(body.decode(), object_pairs_hook=_unique_keys)
        # Python reads numbers and lone surrogates that it cannot write as JSON in UTF-8.
        json.dumps(tree, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return None
    is_base64 = isinstance(tree, dict) and tree.keys() == {"base64"}
    return None if is_base64 or is_deeper_than(_MAX_DEPTH, tree) else tree


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is repeated")
    return found
