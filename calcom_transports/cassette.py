"""The file format of recorded exchanges: how it is read, and how it is written.

A cassette is one JSON file: a list of runs, one for each program that was run, and in each
the exchanges by branch path, with the request and its response, or the failure, or `cancelled`.
A body of JSON in UTF-8 stands there as JSON, no body as null, and any other as `{"base64": …}`.
The least that one can hold; of a request's headers only the version counts:

    {"format": "calcom-bookings cassette", "version": 1, "runs": [{"exchanges": [{
      "branch": [],
      "request": {"method": "GET", "url": "https://api.cal.com/v2/bookings/uid",
                  "headers": [["cal-api-version", "2024-08-13"]], "body": null},
      "response": {"status": 404, "headers": [], "body": {"statusCode": 404, "message": "gone"}}
    }]}]}

In place of `response` may stand `"cancelled": true`, or
`"failure": {"type": "NoAnswer", "reason": "timeout", "message": "nothing came within 60 s"}`.
`"personal"` says whether personal data was `"kept"` (also where it is missing), `"replaced"`, or
`"keyed"`: replaced by means of a key.
With `"loose": true` each request gets the first unplayed exchange that is equal to it,
from any run and branch; so are cassettes of tools that know neither.
"""

import base64
import json
import re
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from attrs import evolve

from calcom_core.errors import (
    InvalidInput,
    NoAnswer,
    NotSent,
    TransportError,
)
from calcom_core.http import Headers, Request, Response
from calcom_core.json_text import InvalidJson, is_deeper_than, parse_json
from calcom_core.redaction import SHORTEST, Credential, contains_credentials
from calcom_transports.cassette_values import PERSONAL
from calcom_transports.cassette_values import Cancelled as Cancelled
from calcom_transports.cassette_values import Cassette as Cassette
from calcom_transports.cassette_values import Failure as Failure
from calcom_transports.cassette_values import Outcome as Outcome
from calcom_transports.cassette_values import Recorded as Recorded
from calcom_transports.cassette_values import Run as Run
from calcom_transports.matching import split
from calcom_transports.redaction import (
    BeforeRecord,
    Redaction,
    changed_by,
    check_before_record,
    credentials_in,
    redacted,
    redaction_of,
)
from calcom_transports.replay_errors import CassetteError

FORMAT = "calcom-bookings cassette"
VERSION = 1

_DEEPEST = 50  # levels of a body that stands as JSON; any deeper is base64

# All that reading a tree of another form can raise; `InvalidInput` is a ValueError.
_DAMAGE = (InvalidJson, LookupError, TypeError, ValueError, AttributeError, RecursionError)

_FAILURES: Mapping[str, type[TransportError]] = {"NotSent": NotSent, "NoAnswer": NoAnswer}


def load(path: str | PathLike[str]) -> Cassette:
    """Read a cassette from a file.

    Raises `CassetteError`: `missing` without such a file, `unreadable` for one that is damaged or
    that a newer version wrote.
    """
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise CassetteError(
            f"there is no cassette at {path}; record it (mode once; with pytest "
            "--calcom-record=once), or mend the path",
            reason="missing",
        ) from error
    except (OSError, TypeError, ValueError) as error:  # ValueError: a NUL in the path
        said = getattr(error, "strerror", None) or error
        raise CassetteError(
            f"the cassette {path} cannot be opened ({said}); mend the path, or who may read it",
            reason="unreadable",
        ) from error
    return loads(content, name=str(path))


def loads(content: bytes, *, name: str = "the cassette") -> Cassette:
    """Read a cassette from its bytes; raises `CassetteError` (`unreadable`) as `load` does."""
    is_bytes(content, name)
    try:
        tree = parse_json(content)
        if not isinstance(tree, dict):
            raise TypeError("it is no object")
        if "format" not in tree and "interactions" in tree:
            raise CassetteError(
                f"{name} is a cassette of VCR.py; "
                "import it with calcom_transports.vcr_import.load_vcr",
                reason="unreadable",
            )
        if tree["format"] != FORMAT:
            raise CassetteError(f"{name} is no {FORMAT}", reason="unreadable")
        if type(tree["version"]) is not int:
            raise TypeError("its version is no integer")
        if tree["version"] != VERSION:
            raise CassetteError(
                f"{name} has version {tree['version']} of the format, and only {VERSION} is known "
                "here; install a newer calcom-bookings",
                reason="unreadable",
            )
        runs = []
        for number, run in enumerate(_array(tree["runs"])):
            exchanges = enumerate(_array(run["exchanges"]))
            place = f"runs[{number}].exchanges"
            runs.append(Run(tuple(_placed(item, f"{place}[{count}]") for count, item in exchanges)))
        personal, loose = tree.get("personal", PERSONAL[0]), tree.get("loose", False)
        return Cassette(tuple(runs), name, personal, loose)
    except _DAMAGE as error:
        raise CassetteError(
            f"{name} is damaged ({_said(error)}); restore it", reason="unreadable"
        ) from error


def is_bytes(content: object, name: object) -> None:
    """Refuse the content of a file that is not bytes, and its name if it is not a string."""
    if not isinstance(content, bytes):
        raise InvalidInput("content", f"must be bytes, not {type(content).__name__}")
    if not isinstance(name, str):
        raise InvalidInput("name", f"must be a string, not {type(name).__name__}")


def _array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("an array is something else")
    return value


def _said(error: BaseException) -> str:
    return f"there is no {error}" if isinstance(error, KeyError) else str(error)


def _placed(item: Any, place: str) -> Recorded:
    try:
        return _recorded(item)
    except _DAMAGE as error:
        raise ValueError(f"{place}: {_said(error)}") from error


def _recorded(item: Mapping[str, Any]) -> Recorded:
    request = item["request"]
    return Recorded(
        tuple(_array(item["branch"])),
        Request(
            request["method"],
            request["url"],
            _headers(request["headers"]),
            body_bytes(request["body"]),
        ),
        _outcome(item),
    )


def _outcome(item: Mapping[str, Any]) -> Outcome:
    cancelled = item.get("cancelled", False)
    if not isinstance(cancelled, bool):
        raise TypeError("cancelled is no boolean")
    if cancelled:
        return Cancelled()
    if "failure" in item:
        failure = item["failure"]
        return Failure(_FAILURES[failure["type"]], failure["message"], failure["reason"])
    response = item["response"]
    return Response(response["status"], _headers(response["headers"]), body_bytes(response["body"]))


def _headers(pairs: Any) -> Headers:
    return Headers([(name, value) for name, value in map(_array, _array(pairs))])


def body_bytes(body: Any) -> bytes:
    """Return the bytes of a body as the file holds it."""
    if body is None:
        return b""
    if isinstance(body, dict) and body.keys() == {"base64"}:
        return base64.b64decode(body["base64"], validate=True)
    return _as_it_came(body).encode()


_as_it_came = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def dumps(
    cassette: Cassette,
    redaction: Redaction | None = None,
    before_record: BeforeRecord | None = None,
) -> bytes:
    """Return the bytes of a cassette, redacted and then changed by *before_record*.

    No other function writes a recording; equal recordings give equal bytes.
    Raises `CassetteError` (`credential-left`) if they would still hold a credential of a request,
    and any exception of *before_record*.
    """
    if not isinstance(cassette, Cassette):
        raise InvalidInput("cassette", f"must be a Cassette, not {type(cassette).__name__}")
    check_before_record(before_record)
    redaction = redaction_of(redaction)
    credentials = credentials_in(cassette, redaction)
    if not all(credential.is_certain for credential in credentials):
        raise CassetteError(
            f"{cassette.name} was not written: a credential of fewer than {SHORTEST} characters "
            "cannot be told from other text; record with a longer one",
            reason="credential-left",
        )
    written = redacted(cassette, redaction, credentials)
    if before_record is not None:
        written = evolve(written, runs=tuple(changed_by(before_record, written.runs)))
    tree = _file(written)
    content = _written(tree)
    if not contains_credentials(content, credentials):
        return content
    place = _where(tree["runs"], credentials)
    del written, tree, content  # no frame that raises holds the credential
    raise CassetteError(
        f"{cassette.name} was not written: {place} still holds a credential, encoded in a way that "
        "cannot be taken out; keep it out of what is sent",
        reason="credential-left",
    )


def _file(cassette: Cassette) -> dict[str, Any]:
    tree: dict[str, Any] = {"format": FORMAT, "version": VERSION}
    if cassette.personal != PERSONAL[0]:
        tree["personal"] = cassette.personal
    if cassette.loose:
        tree["loose"] = True
    tree["runs"] = [{"exchanges": [_item(item) for item in run.exchanges]} for run in cassette.runs]
    return tree


def _written(tree: Any) -> bytes:
    content = json.dumps(tree, ensure_ascii=False, indent=1) + "\n"
    # JSON writes half of a surrogate pair as Python does.
    return _PAIR.sub(r"[\1, \2]", content).encode(errors="backslashreplace")


# A header stands in one line, so that people can read them.
_PAIR = re.compile(r'\[\n +("(?:[^"\\]|\\.)*"),\n +("(?:[^"\\]|\\.)*")\n +\]')


def _where(runs: list[dict[str, Any]], credentials: frozenset[Credential]) -> str:
    places = (
        (f"runs[{number}].exchanges[{count}].{part}", value)
        for number, run in enumerate(runs)
        for count, exchange in enumerate(run["exchanges"])
        for part, value in exchange.items()
    )
    held = (place for place, value in places if contains_credentials(_written(value), credentials))
    return next(held, "it")


def _item(recorded: Recorded) -> dict[str, Any]:
    request = recorded.request
    outcome, came = _outcome_item(recorded.outcome)
    _, path, query = split(request.url)
    target = f"{path}?{query}" if query else path
    return {
        "branch": list(recorded.branch),
        "summary": f"{request.method} {target} {came}",
        "request": {
            "method": request.method,
            "url": request.url,
            "headers": [list(pair) for pair in request.headers],
            "body": _body_item(request.body),
        },
        **outcome,
    }


def _outcome_item(outcome: Outcome) -> tuple[dict[str, Any], str]:
    match outcome:
        case Cancelled():
            return {"cancelled": True}, "cancelled"
        case Failure():
            name = "NotSent" if issubclass(outcome.error, NotSent) else "NoAnswer"
            failure = {"type": name, "reason": outcome.reason, "message": outcome.message}
            return {"failure": failure}, f"{name} ({outcome.reason})"
    tree = {
        "status": outcome.status,
        "headers": [list(pair) for pair in outcome.headers],
        "body": _body_item(outcome.body),
    }
    return {"response": tree}, str(outcome.status)


def _body_item(body: bytes) -> Any:
    """Return a body as the file holds it; the opposite of `body_bytes`."""
    if not body:
        return None
    try:
        # Not of the bytes, which may be in another encoding than the file.
        tree = json.loads(body.decode(), object_pairs_hook=_no_key_twice)
        # What JSON can say and a file of JSON cannot: 1e999, half of a surrogate pair.
        json.dumps(tree, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return {"base64": base64.b64encode(body).decode()}
    if (
        tree is None
        or (isinstance(tree, dict) and tree.keys() == {"base64"})
        or is_deeper_than(_DEEPEST, tree)
    ):
        return {"base64": base64.b64encode(body).decode()}
    return tree


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found
