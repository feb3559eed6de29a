"""Read the body of an error response, in any of the server's formats.

The API wraps errors in an envelope, its booking service and its framework send others, and a
proxy sends HTML.
`read_error_body` never raises, whatever the bytes: an unreadable error is still an error.
"""

import re
from typing import Any

from attrs import frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.http import Response
from calcom_core.json_text import InvalidJson, is_deeper_than, parse_json

# Long enough for every known message, short enough to print and to search.
_LONGEST_MESSAGE = 2_000
_DEEPEST_DETAILS = 50

_HTML = re.compile(rb"(?i)\s*(<!doctype html|<html|<head|<body|<\?xml)")


@frozen
class ErrorBody(LazyMethods):
    """The contents of an error body, in any of the server's formats."""

    code: str | None
    message: str
    details: Any = None
    is_html: bool = False
    is_bare: bool = False  # without the API's envelope, as the booking service sends errors


def read_error_body(response: Response) -> ErrorBody:
    """Read an error body in any format; never raises."""
    content_type = response.headers.get("content-type", "") or ""
    if content_type.lower().startswith("text/html") or _HTML.match(response.body):
        return ErrorBody(None, "a page of HTML", is_html=True)
    try:
        body = parse_json(response.body)
    except InvalidJson:
        return ErrorBody(None, _excerpt(response.body.decode("utf-8", "replace")))
    if not isinstance(body, dict):
        return ErrorBody(None, _excerpt(body if isinstance(body, str) else ""))
    error = body.get("error")
    inner = error if isinstance(error, dict) else body
    code = inner.get("code")
    message = inner.get("message")
    if isinstance(message, list):  # the framework's own validation sends a list of texts
        message = ", ".join(item for item in message if isinstance(item, str))
    if not isinstance(message, str):
        message = error if isinstance(error, str) else ""
    details = inner.get("details")
    return ErrorBody(
        printable(code) if isinstance(code, str) else None,
        _excerpt(message),
        None if is_deeper_than(_DEEPEST_DETAILS, details) else details,  # could not be pickled
        is_bare="statusCode" in body and "error" not in body,
    )


def _excerpt(text: str) -> str:
    return printable(" ".join(text[:_LONGEST_MESSAGE].split()))


def printable(text: str) -> str:
    """Escape the unprintable characters of a server's text, because they could alter a terminal.

    These are control and format characters, and half a surrogate pair, which `print` cannot write.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else ascii(character)[1:-1] for character in text
    )


def validation_errors(details: object) -> dict[str, tuple[str, ...]]:
    """Return the dotted field names and their texts from class-validator's `details.errors`."""
    found: dict[str, tuple[str, ...]] = {}
    errors = details.get("errors") if isinstance(details, dict) else None
    pending: list[tuple[str, Any]] = [("", errors)]
    while pending:
        prefix, nodes = pending.pop()
        for node in nodes if isinstance(nodes, list) else []:
            if not isinstance(node, dict) or not isinstance(node.get("property"), str):
                continue
            name = f"{prefix}{printable(node['property'])}"
            constraints = node.get("constraints")
            if isinstance(constraints, dict) and constraints:
                texts = [printable(text) for text in constraints.values() if isinstance(text, str)]
                found[name] = (*found.get(name, ()), *texts)
            pending.append((f"{name}.", node.get("children")))
    return found
