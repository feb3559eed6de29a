"""Create the error for a 2xx response that cannot be read.

The error holds the response and its JSON without tokens, because errors are logged and pickled.
Its message states whether a write may have happened, and how to find out.
"""

from typing import TYPE_CHECKING, Any

from calcom_core.error_mapping import describe
from calcom_core.errors import DecodingError, PagingError
from calcom_core.http import Response
from calcom_core.json_text import InvalidJson, map_strings, parse_json
from calcom_core.redaction import redact_response
from calcom_core.tokens import redact_text

if TYPE_CHECKING:
    from calcom_core.operation import Operation, Page

_MAX_DEPTH = 50
"""The number of nested arrays and objects that an error keeps; deeper JSON cannot be pickled."""


def decoding_error(
    operation: "Operation[Any]",
    response: Response,
    path: str,
    expected: str,
    found: str,
    *,
    also: str = "",
    disguised: str | None = None,
    page: "Page[Any] | None" = None,
    unreadable: tuple[Any, ...] = (),
    hint: str = "",
    error: type[DecodingError] = DecodingError,
) -> DecodingError:
    """Return the error for a value of type *found* at *path* instead of *expected*.

    Args:
        operation: the operation of the response.
        response: the response.
        path: the JSON path of the value.
        expected: the expected type.
        found: the type found, never the value.
        also: the end of the message that names other missing keys.
        disguised: the text of an error that the server sent with status 2xx, which leaves the
            outcome of a write open.
        page: the readable items of a list.
        unreadable: the other items, as JSON.
        hint: the remedy, beginning with a semicolon.
        error: the class of the error.
    """
    if path == "$":
        hint = "; check the base URL"
    rest = ""
    if page is not None:
        lost = f"error.unreadable: {len(unreadable)}, " if unreadable else ""
        rest = f" (items in {lost}error.page: {len(page.items)})"
    if disguised:
        hint = f"; server message: {disguised}"
    if not operation.idempotent and disguised is None:
        hint += "; the server accepted the request all the same"
    elif not operation.idempotent:
        check = "run error.operation.verify" if operation.verify else "check whether it happened"
        hint += f"; the write may have happened: {check} before you repeat it"
    clean = redact_response(response)
    return error(
        f"{describe(operation)}: {response.status} with {found} at {path} instead of {expected}"
        f"{also}{rest}{hint}",
        operation=operation.plain,
        response=clean,
        path=path,
        found=found,
        may_have_happened=not operation.idempotent,
        data=_redacted_json(clean),
        page=page,
        unreadable=tuple(_redact(item) for item in unreadable),
    )


def paging_error(
    operation: "Operation[Any]",
    response: Response,
    problem: str,
    path: str,
    found: str,
    page: "Page[Any] | None" = None,
) -> PagingError:
    """Return the error for a list that cannot be continued because of its value at *path*."""
    clean = redact_response(response)
    return PagingError(
        f"{describe(operation)}: {problem}",
        operation=operation.plain,
        response=clean,
        path=path,
        found=found,
        may_have_happened=False,
        data=_redacted_json(clean),
        page=page,
    )


def _redacted_json(response: Response) -> Any:
    """Return the JSON of a response without tokens, or None if its body is not JSON."""
    try:
        return _redact(parse_json(response.body))
    except InvalidJson:
        return None


def _redact(tree: Any) -> Any:
    """Remove tokens from JSON, also escaped ones that a search of bytes misses; limit its depth."""
    return map_strings(redact_text, tree, _MAX_DEPTH)
