"""Responses of the API for tests, and JSON with one value changed."""

import json
from typing import Any

from calcom_core import Response
from calcom_core.http import HeadersInput

Path = tuple[str | int, ...]


def success(data: object, status: int = 200, **more: object) -> Response:
    body = {"status": "success", "data": data, **more}
    return Response(status, (), json.dumps(body).encode())


def refused(
    status: int,
    message: str = "no",
    code: str | None = "BadRequestException",
    headers: HeadersInput = (),
) -> Response:
    """Return a refusal: with a code in the API's envelope, or bare without one."""
    error = {"status": "error", "error": {"code": code, "message": message}}
    bare = {"statusCode": status, "message": message}
    return Response(status, headers, json.dumps(bare if code is None else error).encode())


def changed(root: Any, path: Path, *value: object) -> Any:
    """Return JSON with another value at a path, or without its key."""
    root = inner = json.loads(json.dumps(root))
    for step in path[:-1]:
        inner = inner[step]
    if value:
        inner[path[-1]] = value[0]
    else:
        del inner[path[-1]]
    return root


def json_path(path: Path) -> str:
    return "$" + "".join(
        f".{step}" if isinstance(step, str) and step.isidentifier() else f"[{step!r}]"
        for step in path
    )
