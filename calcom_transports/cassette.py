"""The file format of recorded exchanges: how it is read, and how it is written.

A cassette is one JSON file: a list of runs, one for each program that was carried out, and in each
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
With `"loose": true` each request is answered by the first unplayed exchange that is equal to it,
whichever run and branch asks; so are cassettes of tools that know neither.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from attrs import Attribute, field, frozen

from calcom_core.errors import (
    InvalidInput,
    NoAnswer,
    NotSent,
    TransportError,
)
from calcom_core.execution import Branch
from calcom_core.http import Headers, Request, Response
from calcom_core.json_text import InvalidJson, is_deeper_than, parse_json, to_utf8
from calcom_core.personal import People
from calcom_core.redaction import (
    SHORTEST,
    Credential,
    Redaction,
    Redactor,
    credentials_of,
    redaction_of,
    still_hold,
)
from calcom_transports.matching import split
from calcom_transports.replay_errors import CassetteError

FORMAT = "calcom-bookings cassette"
VERSION = 1
PERSONAL = ("kept", "replaced", "keyed")

_DEEPEST = 50  # levels of a body that stands as JSON; any deeper is base64

# All that reading a tree of another form can raise; `InvalidInput` is a ValueError.
_DAMAGE = (InvalidJson, LookupError, TypeError, ValueError, AttributeError, RecursionError)

_FAILURES: Mapping[str, type[TransportError]] = {"NotSent": NotSent, "NoAnswer": NoAnswer}


Validator = Callable[[object, "Attribute[Any]", Any], None]


def _wrong(attribute: "Attribute[Any]", wanted: str, given: object) -> InvalidInput:
    return InvalidInput(attribute.name, f"must be {wanted}, not {type(given).__name__}")


def _a(kind: type, wanted: str) -> Validator:
    def check(instance: object, attribute: "Attribute[Any]", given: Any) -> None:
        if not isinstance(given, kind):
            raise _wrong(attribute, wanted, given)

    return check


def _tuple_of(kind: type, wanted: str) -> Validator:
    def check(instance: object, attribute: "Attribute[Any]", given: Any) -> None:
        if not isinstance(given, tuple):
            raise _wrong(attribute, f"a tuple of {wanted}", given)
        for item in given:
            if not isinstance(item, kind):
                raise InvalidInput(attribute.name, f"holds {type(item).__name__} beside {wanted}")

    return check


def _is_branch(instance: object, attribute: "Attribute[Any]", given: Any) -> None:
    if not isinstance(given, tuple) or not all(type(each) is int and each >= 0 for each in given):
        raise InvalidInput(attribute.name, "must be a tuple of integers from 0")


def _is_failure(instance: object, attribute: "Attribute[Any]", given: Any) -> None:
    if not (isinstance(given, type) and issubclass(given, TransportError)):
        raise _wrong(attribute, "NotSent or NoAnswer", given)


def _is_personal(instance: object, attribute: "Attribute[Any]", given: Any) -> None:
    if given not in PERSONAL:
        raise InvalidInput(attribute.name, "must be one of " + ", ".join(PERSONAL))


_TEXT = _a(str, "a string")


@frozen
class Failure:
    """A recorded failure of the transport."""

    error: type[TransportError] = field(validator=_is_failure)
    message: str = field(validator=_TEXT)
    reason: str = field(validator=_TEXT)

    def make(self) -> TransportError:
        """Return the error to raise, new each time."""
        return self.error(self.message, reason=self.reason)


@frozen
class Cancelled:
    """The exchange was cancelled before it came to anything."""


Outcome = Response | Failure | Cancelled


def _is_outcome(instance: object, attribute: "Attribute[Any]", given: Any) -> None:
    if not isinstance(given, Outcome):
        raise _wrong(attribute, "a Response, a Failure or Cancelled()", given)


@frozen
class Recorded:
    """One exchange: what was asked in which branch, and what came of it."""

    branch: Branch = field(validator=_is_branch)
    request: Request = field(validator=_a(Request, "a Request"))
    outcome: Outcome = field(validator=_is_outcome)


@frozen
class Run:
    """The exchanges of one program, sorted by branch, in the order of their sending in each."""

    exchanges: tuple[Recorded, ...] = field(validator=_tuple_of(Recorded, "Recorded"))


@frozen
class Cassette:
    """What a file holds; *name* says which, for messages.

    *personal* says what became of personal data: `"kept"`, `"replaced"`, or `"keyed"`.
    With *loose* a request is answered by the first unplayed exchange that is equal to it, whichever
    run and branch asks.
    Raises `InvalidInput` for an argument of another type, as all of these values do.
    """

    runs: tuple[Run, ...] = field(
        repr=lambda runs: f"<{len(runs)} runs>", validator=_tuple_of(Run, "Runs")
    )
    name: str = field(default="the replay", validator=_TEXT)
    personal: str = field(default="kept", validator=_is_personal)
    loose: bool = field(default=False, validator=_a(bool, "a boolean"))


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
                f"{name} is a cassette of VCR.py; import it with calcom_transports.vcr.load_vcr",
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


def dumps(cassette: Cassette, redaction: Redaction | None = None) -> bytes:
    """Return the bytes of a cassette, without credentials, and without personal data if so asked.

    This is the only way from a recording to a file; equal recordings give equal bytes.
    Raises `CassetteError` (`credential-left`) if they would still hold a credential that was sent.
    """
    if not isinstance(cassette, Cassette):
        raise InvalidInput("cassette", f"must be a Cassette, not {type(cassette).__name__}")
    content = _redacted(cassette, redaction_of(redaction))
    if isinstance(content, CassetteError):
        raise content
    return content


def _redacted(cassette: Cassette, redaction: Redaction) -> bytes | CassetteError:
    # Returns its error, so that no frame that raises it holds what is not redacted.
    recorded = [item for run in cassette.runs for item in run.exchanges]
    credentials = redaction.secrets.union(*(credentials_of(item.request) for item in recorded))
    if not all(credential.is_certain for credential in credentials):
        return CassetteError(
            f"{cassette.name} was not written: a credential of fewer than {SHORTEST} characters "
            "cannot be told from other text; record with a longer one",
            reason="credential-left",
        )
    people = None
    if redaction.personal:
        people = People.in_bodies(redaction.key, bodies_of(cassette))
    redactor = Redactor(credentials, people)
    runs = [[_item(exchange, redactor) for exchange in run.exchanges] for run in cassette.runs]
    tree: dict[str, Any] = {"format": FORMAT, "version": VERSION}
    if redaction.personal or cassette.personal != PERSONAL[0]:
        tree["personal"] = redaction.kind if redaction.personal else cassette.personal
    if cassette.loose:
        tree["loose"] = True
    tree["runs"] = [{"exchanges": exchanges} for exchanges in runs]
    content = _written(tree)
    if not still_hold(content, credentials):
        return content
    return CassetteError(
        f"{cassette.name} was not written: {_where(runs, credentials)} still holds a credential, "
        "encoded in a way that cannot be taken out; keep it out of what is sent",
        reason="credential-left",
    )


def bodies_of(cassette: Cassette) -> Iterator[bytes]:
    """Yield the bodies in UTF-8 and the URLs, in all of which persons may stand."""
    for item in (item for run in cassette.runs for item in run.exchanges):
        yield item.request.url.encode()
        yield to_utf8(item.request.body)
        if isinstance(item.outcome, Response):
            yield to_utf8(item.outcome.body)


def _written(tree: Any) -> bytes:
    content = json.dumps(tree, ensure_ascii=False, indent=1) + "\n"
    # JSON writes half of a surrogate pair as Python does.
    return _PAIR.sub(r"[\1, \2]", content).encode(errors="backslashreplace")


# A header stands in one line, so that people can read them.
_PAIR = re.compile(r'\[\n +("(?:[^"\\]|\\.)*"),\n +("(?:[^"\\]|\\.)*")\n +\]')


def _where(runs: list[list[dict[str, Any]]], credentials: frozenset[Credential]) -> str:
    places = (
        (f"runs[{number}].exchanges[{count}].{part}", value)
        for number, run in enumerate(runs)
        for count, exchange in enumerate(run)
        for part, value in exchange.items()
    )
    held = (place for place, value in places if still_hold(_written(value), credentials))
    return next(held, "it")


def _item(recorded: Recorded, redactor: Redactor) -> dict[str, Any]:
    request = redactor.request(recorded.request)
    outcome, came = _outcome_item(recorded.outcome, redactor)
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


def _outcome_item(outcome: Outcome, redactor: Redactor) -> tuple[dict[str, Any], str]:
    match outcome:
        case Cancelled():
            return {"cancelled": True}, "cancelled"
        case Failure():
            name = "NotSent" if issubclass(outcome.error, NotSent) else "NoAnswer"
            message = redactor.message(outcome.message)
            failure = {"type": name, "reason": outcome.reason, "message": message}
            return {"failure": failure}, f"{name} ({outcome.reason})"
    response = redactor.response(outcome)
    tree = {
        "status": response.status,
        "headers": [list(pair) for pair in response.headers],
        "body": _body_item(response.body),
    }
    return {"response": tree}, str(response.status)


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
