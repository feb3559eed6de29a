"""Requests, responses, failures and operations as JSON, for stores and queues that keep JSON.

`to_json` returns a tree of JSON with a `type` and a `version`; `from_json` returns the value again.
A later version of the library reads trees of all earlier ones.

- A request is stored without its headers, and so without credentials; `from_json` puts those of an
  `Api` back, if the URL is of its server. A request with a credential elsewhere is refused.
- A response outside 2xx may repeat the request's credentials, and is stored without any token. One
  of 2xx is stored as it came, without cookies; a link in it may hold a token of its own.
- An operation is stored by its name, with its path, query and body. One that holds functions, a
  decoder of your own or those of `map`, is refused.
- A body is stored as JSON where JSON gives the same bytes, else as text, else as base64.
"""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from calcom_core.api import Api
from calcom_core.errors import InvalidInput, NoAnswer, NotSent, TransportError
from calcom_core.http import Headers, Request, Response, is_secret_header
from calcom_core.json_text import InvalidJson, parse_json
from calcom_core.operation import Operation
from calcom_core.redaction import collect_credentials, contains_credentials, redact_response
from calcom_core.routes import ROUTES

T = TypeVar("T")

VERSION = 1
"""The version of the trees that `to_json` returns."""

_VERSION_HEADER = "cal-api-version"
_FAILURES: Mapping[str, type[TransportError]] = {"NotSent": NotSent, "NoAnswer": NoAnswer}
# All that reading a tree of another form can raise; `InvalidInput` is a ValueError.
_DAMAGE = (LookupError, TypeError, ValueError, AttributeError, RecursionError)


def to_json(value: Request | Response | TransportError | Operation[Any]) -> dict[str, Any]:
    """Return a value as JSON.

    Args:
        value: a request that an `Api` made, a response, a `NotSent` or `NoAnswer`, or an operation.

    Raises:
        InvalidInput: for a value of another type, and for one that cannot be stored: a request
            without `cal-api-version` or with a credential in its URL or body, and an operation
            with functions.
    """
    for cls, (name, write, _) in _KINDS.items():
        if isinstance(value, cls):
            return {"type": name, "version": VERSION, **write(value)}
    names = "a Request, a Response, NotSent, NoAnswer or an Operation"
    raise InvalidInput("value", f"must be {names}, not {type(value).__name__}")


def from_json(cls: type[T], tree: Mapping[str, Any], api: Api | None = None) -> T:
    """Return the value that `to_json` stored.

    Args:
        cls: `Request`, `Response`, `TransportError` or `Operation`.
        tree: the JSON.
        api: whose headers a request gets back; not used for other values.

    Raises:
        InvalidInput: for a tree of another value, of a newer version, or that is damaged; and for
            a request without *api*, or with a URL of another server.
    """
    if cls not in _KINDS:
        raise InvalidInput("cls", "must be Request, Response, TransportError or Operation")
    name, _, read_tree = _KINDS[cls]
    if not isinstance(tree, Mapping) or tree.get("type") != name:
        raise InvalidInput("tree", f"is not the JSON of a {cls.__name__}")
    if tree.get("version") != VERSION:
        raise InvalidInput("tree", f"has another version than {VERSION}; update calcom-bookings")
    try:
        value: T = read_tree(tree, api)
    except InvalidInput:
        raise
    except _DAMAGE as error:
        raise InvalidInput("tree", f"is damaged: {type(error).__name__} {error}") from error
    return value


def _request_tree(request: Request) -> dict[str, Any]:
    version = request.headers.get(_VERSION_HEADER)
    if version is None:
        raise InvalidInput("value", "has no cal-api-version; give a request of Api.request")
    if contains_credentials(
        request.url.encode() + b"\n" + request.body, collect_credentials(request)
    ):
        raise InvalidInput("value", "holds a credential in its URL or body")
    return {
        "method": request.method,
        "url": request.url,
        "cal_api_version": version,
        "body": _body_tree(request.body) if "content-type" in request.headers else None,
    }


def _request(tree: Mapping[str, Any], api: Api | None) -> Request:
    if not isinstance(api, Api):
        raise InvalidInput("api", "is missing; a request needs the headers of an Api")
    if not tree["url"].startswith(f"{api.base_url}/v2/"):
        raise InvalidInput("tree", "has a URL of another server than the Api")
    body = tree["body"]
    headers = api._headers(_text(tree["cal_api_version"]), has_body=body is not None)
    return Request(tree["method"], tree["url"], headers, _body(body))


def _response_tree(response: Response) -> dict[str, Any]:
    if not 200 <= response.status < 300:
        response = redact_response(response)
    return {
        "status": response.status,
        "headers": [
            [name, value] for name, value in response.headers if not is_secret_header(name)
        ],
        "body": _body_tree(response.body),
    }


def _response(tree: Mapping[str, Any], api: Api | None) -> Response:
    headers = Headers([(_text(name), _text(value)) for name, value in tree["headers"]])
    return Response(tree["status"], headers, _body(tree["body"]))


def _failure_tree(failure: TransportError) -> dict[str, Any]:
    name = next((name for name, cls in _FAILURES.items() if isinstance(failure, cls)), None)
    if name is None:
        raise InvalidInput("value", f"must be NotSent or NoAnswer, not {type(failure).__name__}")
    return {"error": name, "message": str(failure.args[0]), "reason": failure.reason}


def _failure(tree: Mapping[str, Any], api: Api | None) -> TransportError:
    return _FAILURES[tree["error"]](_text(tree["message"]), reason=_text(tree["reason"]))


def _operation_tree(operation: Operation[Any]) -> dict[str, Any]:
    if operation.decoder is not None or operation.transforms:
        raise InvalidInput("value", "holds functions (a decoder, or map), which are no JSON")
    return {
        "name": operation.name,
        "method": operation.method,
        "path": operation.path,
        "query": [list(pair) for pair in operation.query],
        "body": None if operation.body is None else _body_tree(operation.body),
        "idempotent": operation.idempotent,
        "cal_api_version": operation.version,
        "supported_versions": list(operation.supported_versions),
        "minimum_versions": [list(pair) for pair in operation.minimum_versions],
        "seen_cursors": list(operation.seen_cursors),
        "verify": None if operation.verify is None else _operation_tree(operation.verify),
    }


def _operation(tree: Mapping[str, Any], api: Api | None) -> Operation[Any]:
    name, method = _text(tree["name"]), _text(tree["method"])
    version, verify, idempotent = tree["cal_api_version"], tree["verify"], tree["idempotent"]
    route = ROUTES.get(name)
    if route is not None and (route.method, route.idempotent) != (method, idempotent):
        raise InvalidInput("tree", f"differs from the route of {name}")
    if not isinstance(idempotent, bool):
        raise TypeError("idempotent is no boolean")
    return Operation(
        name=name,
        method=method,
        path=_text(tree["path"]),
        query=[(_text(key), _text(value)) for key, value in tree["query"]],
        body=None if tree["body"] is None else _body(tree["body"]),
        idempotent=idempotent,
        version=None if version is None else _text(version),
        supported_versions=tuple(map(_text, tree["supported_versions"])),
        minimum_versions=tuple(
            [(_text(field), _text(least)) for field, least in tree["minimum_versions"]]
        ),
        seen_cursors=tuple(map(_text, tree["seen_cursors"])),
        verify=None if verify is None else _operation(verify, api),
    )


_KINDS: Mapping[type, tuple[str, Callable[[Any], dict[str, Any]], Callable[..., Any]]] = {
    Request: ("request", _request_tree, _request),
    Response: ("response", _response_tree, _response),
    TransportError: ("failure", _failure_tree, _failure),
    Operation: ("operation", _operation_tree, _operation),
}
"""The name of each class in JSON, and the functions that write and read it."""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} where text belongs")
    return value


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def _body_tree(body: bytes) -> dict[str, Any]:
    try:
        tree = parse_json(body)
        if _encode(tree).encode() == body:
            return {"json": tree}
    except (InvalidJson, ValueError, RecursionError):
        pass
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


_BODIES: Mapping[str, Callable[[Any], bytes]] = {
    "json": lambda tree: _encode(tree).encode(),
    "text": lambda text: _text(text).encode(),
    "base64": lambda text: base64.b64decode(_text(text), validate=True),
}


def _body(tree: Mapping[str, Any] | None) -> bytes:
    if tree is None:
        return b""
    [(form, content)] = tree.items()
    return _BODIES[form](content)
