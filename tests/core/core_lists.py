"""A server that lists bookings in both paging styles, and an interpreter of streams."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from core_recorded import RECORDED
from core_responses import success

from calcom_core import Request, Response
from calcom_core.effects import Clock, Effect, Emit, Gather, Program, Send, Stream

BOOKING_DATA = RECORDED["29-get-normal"]["response"]["body"]["data"]


def list_response(uids: list[str], pagination: dict[str, Any]) -> Response:
    data = [{**BOOKING_DATA, "uid": uid} for uid in uids]
    return success(data, pagination=pagination)


class ListServer:
    """Lists its bookings in order, by offset or by cursor; *between* may change them."""

    def __init__(
        self, held: set[int], between: Callable[["ListServer"], None] = lambda server: None
    ) -> None:
        self.held = held
        self.queries: list[dict[str, str]] = []
        self._between = between

    def __call__(self, request: Request) -> Response:
        query = {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}
        if self.queries:
            self._between(self)
        self.queries.append(query)
        if request.headers.get("cal-api-version") == "2026-05-01":
            assert query.keys() <= {"limit", "cursor", "status"}
            return self.page_by_cursor(int(query.get("limit", 50)), query.get("cursor"))
        assert query.keys() <= {"take", "skip", "status"}
        return self.page_by_offset(int(query.get("take", 100)), int(query.get("skip", 0)))

    def page_by_offset(self, take: int, skip: int) -> Response:
        ordered = sorted(self.held)
        total, listed = len(ordered), ordered[skip : skip + take]
        pagination = {
            "totalItems": total,
            "itemsPerPage": take,
            "returnedItems": len(listed),
            "remainingItems": max(total - skip - take, 0),
            "totalPages": -(-total // take),
            "currentPage": min(skip, total) // take + 1 if total else 0,
            "hasNextPage": skip + take < total,
            "hasPreviousPage": min(skip, total) > 0,
        }
        return list_response([f"b{number}" for number in listed], pagination)

    def page_by_cursor(self, limit: int, cursor: str | None) -> Response:
        after = -1 if cursor is None else int(cursor.removeprefix("c"))
        rest = [number for number in sorted(self.held) if number > after]
        listed, more = rest[:limit], len(rest) > limit
        pagination = {"nextCursor": f"c{listed[-1]}" if more else None, "hasMore": more}
        return list_response([f"b{number}" for number in listed], pagination)


def run_stream(
    stream: Stream[Any],
    server: Callable[[Request], Response],
    most: int = 5_000,
    emitted: list[Any] | None = None,
) -> list[Any]:
    """Run a streaming program; fails after *most* effects."""
    emitted = [] if emitted is None else emitted
    result: object = None
    for _ in range(most):
        try:
            effect = stream.send(result)
        except StopIteration:
            return emitted
        if isinstance(effect, Emit):
            emitted.append(effect.item)
            result = None
        else:
            result = perform(effect, server)
    raise AssertionError("it does not end")


def perform(effect: Effect, server: Callable[[Request], Response]) -> object:
    """Run an effect; runs the branches of a `Gather` in order."""
    match effect:
        case Clock():
            return 0.0
        case Gather():
            assert 1 < len(effect.programs) <= effect.limit
            return tuple(finish(program, server) for program in effect.programs)
        case Send():
            return server(effect.request)
    raise AssertionError(f"no stream yields {effect}")


def finish(program: Program[Any], server: Callable[[Request], Response]) -> object:
    result: object = None
    while True:
        try:
            result = perform(program.send(result), server)
        except StopIteration as stop:
            return stop.value
