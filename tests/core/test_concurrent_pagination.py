"""Pagination with concurrent pages, and lists that never end."""

import json
import pickle
from collections.abc import Callable
from typing import Any
from weakref import ref

import pytest
from core_lists import ListServer, list_response, run_stream
from hypothesis import given
from hypothesis import strategies as st

from calcom_core import (
    Anonymous,
    Api,
    Booking,
    DecodingError,
    InvalidInput,
    NotSent,
    Operation,
    Page,
    PagingError,
    PermissionDenied,
    RateLimited,
    ReplayError,
    Request,
    Response,
    RetryPolicy,
    ServerError,
    bookings,
    iterate_script,
)
from calcom_core.effects import Gather, Sleep
from calcom_core.paging import items, pages

API = Api(Anonymous())


def past(take: int, skip: int | None = None) -> Operation[Page[Booking]]:
    return bookings.list(status="past", take=take, skip=skip)


def by_cursor(limit: int) -> Operation[Page[Booking]]:
    return bookings.list(status="past", limit=limit)


def uids(yielded: list[Booking]) -> list[str]:
    return [booking.uid for booking in yielded]


def page_of(numbers: list[int], take: int, skip: int, total: int) -> Response:
    body = json.loads(ListServer(set(range(total))).page_by_offset(take, skip).body)
    like = json.loads(list_response([f"b{number}" for number in numbers], {}).body)
    return Response(200, (), json.dumps({**body, "data": like["data"]}).encode())


def batches(stream: Any, server: Callable[[Request], Response]) -> list[int]:
    """Read a list to its end; returns the size of each batch of pages."""
    sizes = []

    def counting(program: Any) -> Any:
        result: Any = None
        while True:
            try:
                effect = program.send(result)
            except StopIteration:
                return
            if isinstance(effect, Gather):
                sizes.append(len(effect.programs))
                assert effect.limit == 8
            result = yield effect

    run_stream(counting(stream), server)
    return sizes


def test_pages_after_the_first_are_requested_concurrently() -> None:
    server = ListServer(set(range(2_000)))
    assert batches(items(API, past(50), concurrency=8), server) == [8, 8, 8, 8, 7]
    assert [int(query.get("skip", 0)) for query in server.queries] == list(range(0, 2_000, 50))
    assert {query["status"] for query in server.queries} == {"past"}


def test_two_pages_are_requested_one_after_the_other() -> None:
    assert batches(items(API, past(50), concurrency=8), ListServer(set(range(100)))) == []
    for paginate in (items, pages):
        assert batches(paginate(API, past(50)), ListServer(set(range(400)))) == []  # type: ignore[operator]


def test_a_cursor_list_is_requested_page_by_page() -> None:
    server = ListServer(set(range(200)))
    assert batches(pages(API, by_cursor(50), concurrency=8), server) == []
    assert len(server.queries) == 4


@given(st.integers(0, 40), st.integers(1, 7), st.integers(1, 6), st.integers(0, 45))
def test_concurrent_and_sequential_pages_yield_the_same_in_the_same_order(
    total: int, take: int, concurrency: int, skip: int
) -> None:
    in_turn, at_once = ListServer(set(range(total))), ListServer(set(range(total)))
    first = past(take, skip)
    yielded = uids(run_stream(items(API, first), in_turn))
    assert yielded == [f"b{number:02}".replace("b0", "b") for number in range(skip, total)]
    assert uids(run_stream(items(API, first, concurrency=concurrency), at_once)) == yielded
    assert at_once.queries == in_turn.queries
    listed = run_stream(pages(API, first, concurrency=concurrency), at_once)
    assert [uid for page in listed for uid in uids(list(page.items))] == yielded


INSERTIONS = st.lists(
    st.tuples(st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60))), max_size=30
)


@given(INSERTIONS, st.integers(1, 7), st.integers(2, 6))
def test_concurrent_pages_yield_nothing_twice_while_the_list_changes(
    changes: list[tuple[set[int], set[int]]], take: int, concurrency: int
) -> None:
    waiting = iter(changes)

    def change(server: ListServer) -> None:
        inserted, removed = next(waiting, (set(), set()))
        server.held = (server.held | inserted) - removed

    yielded = uids(
        run_stream(
            items(API, past(take), concurrency=concurrency), ListServer(set(range(30)), change)
        )
    )
    assert len(yielded) == len(set(yielded))


def test_a_growing_list_is_read_to_its_end() -> None:
    waiting = iter([7, 9, 11])

    def grow(server: ListServer) -> None:
        server.held |= set(range(next(waiting, 11)))

    server = ListServer(set(range(5)), grow)
    assert len(run_stream(items(API, past(1), concurrency=3), server)) == 11


@pytest.mark.parametrize("concurrency", [1, 3])
def test_no_more_pages_are_kept_than_are_requested_concurrently(concurrency: int) -> None:
    server = ListServer(set(range(60)))
    references: list[ref[Response]] = []
    kept, before = [], []

    def respond(request: Request) -> Response:
        before.append(sum(reference() is not None for reference in references))
        response = server(request)
        references.append(ref(response))
        return response

    class Counting(list[Any]):
        def append(self, item: Any) -> None:
            super().append(item)
            kept.append(sum(reference() is not None for reference in references))

    run_stream(items(API, past(2), concurrency=concurrency), respond, emitted=Counting())
    assert len(references) == 30
    assert max(kept) == concurrency
    assert kept[-1] == 1
    assert max(before) == concurrency - 1  # in the same batch


def test_a_booking_twice_on_one_page_is_yielded_once() -> None:
    script = [(past(4), page_of([1, 2, 1, 3], 4, 0, 4))]
    assert uids(list(iterate_script(items(API, past(4)), script))) == ["b1", "b2", "b3"]


def unreadable(response: Response) -> Response:
    body = json.loads(response.body)
    body["data"][0]["id"] = "x"
    return Response(200, (), json.dumps(body).encode())


def test_an_unreadable_page_among_several_is_raised_after_the_pages_before_it() -> None:
    script: list[Any] = [
        (past(2), page_of([0, 1], 2, 0, 8)),
        (
            [(past(2, 2), page_of([2, 3], 2, 2, 8))],
            [(past(2, 4), unreadable(page_of([4, 5], 2, 4, 8)))],
            [(past(2, 6), page_of([6, 7], 2, 6, 8))],
        ),
    ]
    yielded: list[Booking] = []
    with pytest.raises(DecodingError) as caught:
        yielded.extend(iterate_script(items(API, past(2), concurrency=3), script))
    assert uids(yielded) == ["b0", "b1", "b2", "b3", "b5"]
    assert caught.value.page.next == past(2, 6)


def test_a_failed_page_is_raised_after_the_pages_before_it() -> None:
    lost = NotSent("refused", reason="refused")
    script: list[Any] = [
        (past(2), page_of([0, 1], 2, 0, 8)),
        (
            [(past(2, 2), page_of([2, 3], 2, 2, 8))],
            [(past(2, 4), lost)],
            [(past(2, 6), page_of([6, 7], 2, 6, 8))],
        ),
    ]
    once = RetryPolicy(1)
    yielded: list[Booking] = []
    with pytest.raises(NotSent) as caught:
        yielded.extend(iterate_script(items(API, past(2), once, concurrency=3), script))
    assert caught.value.args == lost.args
    assert uids(yielded) == ["b0", "b1", "b2", "b3"]
    with pytest.raises(DecodingError) as unreadable:
        list(iterate_script(items(API, past(2), once), [(past(2), Response(200, (), b"<html>"))]))
    assert unreadable.value.page is None


@given(st.integers(0, 39), st.integers(1, 6), st.integers(1, 6))
def test_concurrent_and_sequential_pages_yield_the_same_before_a_failed_page(
    broken: int, take: int, concurrency: int
) -> None:
    def respond(request: Request) -> Response:
        query = dict(pair.split("=") for pair in request.url.partition("?")[2].split("&"))
        skip = int(query.get("skip", 0))
        if skip <= broken < skip + take:
            return Response(403, (), b"no")
        return ListServer(set(range(40)))(request)

    yielded: list[list[Booking]] = [[], []]
    for emitted, at_once in zip(yielded, (1, concurrency), strict=True):
        with pytest.raises(PermissionDenied):
            run_stream(items(API, past(take), concurrency=at_once), respond, emitted=emitted)
    assert uids(yielded[0]) == uids(yielded[1]) == [f"b{n}" for n in range(broken // take * take)]


def test_a_replay_without_a_match_ends_the_iteration_at_once() -> None:
    script: list[Any] = [
        (past(2), page_of([0, 1], 2, 0, 6)),
        ([(past(2, 2), page_of([2, 3], 2, 2, 6))], [(past(2, 4), ReplayError("no such exchange"))]),
    ]
    yielded: list[Booking] = []
    with pytest.raises(ReplayError):
        yielded.extend(iterate_script(items(API, past(2), concurrency=2), script))
    assert uids(yielded) == ["b0", "b1"]


def test_each_page_has_the_policy() -> None:
    busy = Response(503, (), b"busy")
    wait = (Sleep(0.5, jitter=1), None)
    script: list[Any] = [
        (past(2), busy),
        wait,
        (past(2), page_of([0, 1], 2, 0, 6)),
        (
            [(past(2, 2), busy), wait, (past(2, 2), page_of([2, 3], 2, 2, 6))],
            [(past(2, 4), page_of([4, 5], 2, 4, 6))],
        ),
    ]
    listed = iterate_script(items(API, past(2), concurrency=2), script)
    assert uids(list(listed)) == ["b0", "b1", "b2", "b3", "b4", "b5"]


def test_a_list_of_a_busy_server_ends_within_the_policy() -> None:
    wait = [
        (Sleep(0.5, jitter=1), None),
        (Sleep(1.0, jitter=1), None),
        (Sleep(2.0, jitter=1), None),
    ]
    busy = (past(2), Response(503, (), b"busy"))
    script = [busy, wait[0], busy, wait[1], busy, wait[2], busy]
    with pytest.raises(ServerError) as caught:
        list(iterate_script(items(API, past(2)), script))
    assert caught.value.attempts == 4
    limited = (past(2), Response(429, {"X-RateLimit-Reset-Default": "3600"}, b""))
    with pytest.raises(RateLimited):
        list(iterate_script(items(API, past(2)), [limited]))


# Servers of endless lists: the response by the query of the request.
def _growing(query: dict[str, str]) -> Response:
    take, skip = int(query["take"]), int(query.get("skip", 0))
    return page_of(list(range(skip, skip + take)), take, skip, skip + take + 1)


def _always_more(query: dict[str, str]) -> Response:
    take, skip = int(query["take"]), int(query.get("skip", 0))
    body = json.loads(page_of([0, 1], take, min(skip, 2), 4).body)
    body["pagination"]["hasNextPage"] = True
    return Response(200, (), json.dumps(body).encode())


# The number of requests before the error. A growing list: twice the two pages that the first one
# announces, and ten more. A repeating list: ten pages without a new item, after the two real pages
# with `items`, and after the first page with `pages`.
ENDLESS = {
    (_growing, items): (14, 28, "14 pages were read, and the last"),
    (_growing, pages): (14, 14, "14 pages were read, and the last"),
    (_always_more, items): (11, 2, "11 pages were read, the last 10 without a new booking, and"),
    (_always_more, pages): (11, 11, "11 pages were read, the last 10 without a new booking"),
}


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize(("endless", "paginate"), ENDLESS)
def test_an_endless_list_is_an_error(
    endless: Callable[[dict[str, str]], Response], paginate: Any, concurrency: int
) -> None:
    requests, emitted, reason = ENDLESS[endless, paginate]
    server = QueryServer(endless)
    yielded: list[Any] = []
    with pytest.raises(PagingError) as caught:
        run_stream(paginate(API, past(2), concurrency=concurrency), server, emitted=yielded)
    error = caught.value
    # Some requests of the last batch may be unnecessary.
    assert requests <= server.requests < requests + concurrency
    assert len(yielded) == emitted
    assert f"bookings.list (GET /v2/bookings): the list does not end: {reason}" in str(error)
    assert (error.path, error.found) == ("$.pagination.hasNextPage", "true")
    assert (error.page.next, len(error.page.items)) == (None, 2)
    assert not error.may_have_happened
    assert pickle.loads(pickle.dumps(error)).page == error.page


class QueryServer:
    """A server that responds by a function of the query."""

    def __init__(self, respond: Callable[[dict[str, str]], Response]) -> None:
        self.requests = 0
        self._respond = respond

    def __call__(self, request: Request) -> Response:
        self.requests += 1
        query = dict(pair.split("=") for pair in request.url.partition("?")[2].split("&"))
        return self._respond(query)


def _alternating(*listed: list[str]) -> Callable[[dict[str, str]], Response]:
    """Repeat the pages for ever, each with a new cursor."""

    def respond(query: dict[str, str]) -> Response:
        number = int(query.get("cursor", "c0")[1:])
        return list_response(
            listed[number % len(listed)], {"nextCursor": f"c{number + 1}", "hasMore": True}
        )

    return respond


def test_a_cursor_list_that_repeats_a_page_is_an_error() -> None:
    same = _alternating(["b1", "b2"])
    for paginate, most in ((items, 2), (pages, 2)):
        server = QueryServer(same)
        yielded: list[Any] = []
        with pytest.raises(PagingError) as caught:
            run_stream(paginate(API, by_cursor(2)), server, emitted=yielded)  # type: ignore[arg-type]
        assert server.requests == most
        assert len(yielded) == 2
        assert caught.value.path == "$.pagination.hasMore"
        assert "2 pages were read, the last 1 without a new booking, and" in str(caught.value)


def test_a_cursor_list_that_cycles_is_an_error() -> None:
    server = QueryServer(_alternating(["b1"], ["b2"], ["b3"]))
    yielded: list[Any] = []
    with pytest.raises(PagingError):
        run_stream(items(API, by_cursor(1)), server, emitted=yielded)
    assert (uids(yielded), server.requests) == (["b1", "b2", "b3"], 4)


@pytest.mark.parametrize("paginate", [pages, items])
def test_a_list_that_alternates_between_two_pages_is_an_error(paginate: Any) -> None:
    def in_turn(query: dict[str, str]) -> Response:
        skip = int(query.get("skip", 0))
        body = json.loads(page_of([skip // 2 % 2], 2, min(skip, 2), 8).body)
        body["pagination"]["totalItems"] = 10**12
        return Response(200, (), json.dumps(body).encode())

    server = QueryServer(in_turn)
    with pytest.raises(PagingError):
        run_stream(paginate(API, past(2)), server)
    assert server.requests == 12


def test_the_error_of_an_endless_list_holds_no_cookie() -> None:
    def endless(query: dict[str, str]) -> Response:
        whole = _alternating(["b1"])(query)
        return Response(200, {"Set-Cookie": "sid=cal_test_cookie"}, whole.body)

    with pytest.raises(PagingError) as caught:
        run_stream(items(API, by_cursor(1)), QueryServer(endless))
    assert uids(list(caught.value.page.items)) == ["b1"]
    assert b"cal_test_cookie" not in pickle.dumps(caught.value)


def test_an_empty_cursor_page_is_not_the_end() -> None:
    responses = iter([(["b1"], "a", True), ([], "b", True), ([], "c", True), (["b2"], None, False)])

    def server(request: Request) -> Response:
        listed, cursor, more = next(responses)
        return list_response(listed, {"nextCursor": cursor, "hasMore": more})

    assert uids(run_stream(items(API, by_cursor(1)), server)) == ["b1", "b2"]


def test_a_cursor_list_of_empty_pages_is_an_error() -> None:
    for paginate in (items, pages):
        server = QueryServer(_alternating(["b1"], *[[]] * 20))
        with pytest.raises(PagingError):
            run_stream(paginate(API, by_cursor(1)), server)  # type: ignore[arg-type]
        assert server.requests == 11


def test_an_offset_page_may_repeat_items_of_the_page_before() -> None:
    """Repeat a page, as when bookings are inserted before it while it is read."""
    responses = iter([([1], True), ([1], True), ([1], True), ([2], True), ([3], False)])

    def server(request: Request) -> Response:
        numbers, more = next(responses)
        skip = 0 if "skip" not in request.url else 1
        body = json.loads(page_of(numbers, 1, skip, 30).body)
        body["pagination"]["hasNextPage"] = more
        return Response(200, (), json.dumps(body).encode())

    assert uids(run_stream(items(API, past(1)), server)) == ["b1", "b2", "b3"]


@pytest.mark.parametrize("paginate", [pages, items])
@pytest.mark.parametrize(
    "operation",
    [
        bookings.get_one("bk7"),
        bookings.cancel("bk7"),
        bookings.attendees.list("bk7"),
        past(2).map(lambda page: page),
        "bookings.list",
        None,
    ],
)
def test_an_operation_that_lists_no_bookings_is_refused_before_anything_is_sent(
    paginate: Any, operation: Any
) -> None:
    with pytest.raises(InvalidInput) as caught:
        paginate(API, operation)
    assert str(caught.value) == ("operation: must list bookings, such as bookings.list(…)")
    with pytest.raises(InvalidInput, match=r"^policy: must be a RetryPolicy, not NoneType$"):
        paginate(API, past(2), None)


@pytest.mark.parametrize("paginate", [pages, items])
@pytest.mark.parametrize(
    ("concurrency", "problem"),
    [
        (0, "must be at least 1"),
        (-1, "must be at least 1"),
        (1.5, "must be an integer, not a number with a fraction"),
        (True, "must be an integer, not a boolean"),
        ("2", "must be an integer, not a string"),
        (None, "must be an integer, not null"),
    ],
)
def test_an_invalid_concurrency_is_refused_at_once(
    paginate: Any, concurrency: Any, problem: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        paginate(API, past(2), concurrency=concurrency)
    assert str(caught.value) == f"concurrency: {problem}"
