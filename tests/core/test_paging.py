"""Lists of many pages, in both paging styles, while the list changes."""

import json
import pickle
from collections.abc import Callable
from operator import itemgetter
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from core_lists import ListServer, list_response, run_stream
from core_recorded import response_of
from hypothesis import given
from hypothesis import strategies as st

from calcom_core import (
    EVERYWHERE,
    HOSTED,
    Anonymous,
    Api,
    Booking,
    CursorPagination,
    DecodingError,
    OffsetPagination,
    Operation,
    Page,
    PagingError,
    Request,
    Response,
    Versions,
    bookings,
    teams,
)
from calcom_core.paging import items, pages


def by_offset(take: int) -> Operation[Page[Booking]]:
    return bookings.list(status="past", take=take)


def by_cursor(limit: int) -> Operation[Page[Booking]]:
    return bookings.list(status="past", limit=limit)


STYLES = [by_offset, by_cursor]
API = Api(Anonymous())


@pytest.mark.exhaustive(sample=6)
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("held", "a_page", "page_count"),
    [(0, 3, 1), (1, 3, 1), (3, 3, 1), (4, 3, 2), (6, 3, 2), (2_000, 2, 1_000), (1_999, 2, 1_000)],
)
def test_pagination_requests_each_page_once_and_yields_every_booking(
    style: Callable[[int], Operation[Page[Booking]]], held: int, a_page: int, page_count: int
) -> None:
    server = ListServer(set(range(held)))
    yielded = run_stream(items(API, style(a_page)), server)
    assert [booking.uid for booking in yielded] == [f"b{number}" for number in range(held)]
    assert len(server.queries) == page_count
    assert {query["status"] for query in server.queries} == {"past"}


def test_the_second_page_has_the_paging_style_of_the_first() -> None:
    offset, cursor = ListServer(set(range(4))), ListServer(set(range(4)))
    run_stream(pages(API, by_offset(3)), offset)
    run_stream(pages(API, by_cursor(3)), cursor)
    assert offset.queries == [
        {"status": "past", "take": "3"},
        {"status": "past", "take": "3", "skip": "3"},
    ]
    assert cursor.queries == [
        {"status": "past", "limit": "3"},
        {"status": "past", "limit": "3", "cursor": "c2"},
    ]


@pytest.mark.parametrize(
    ("versions", "style"), [(EVERYWHERE, OffsetPagination), (HOSTED, CursorPagination)]
)
def test_a_list_without_paging_parameters_has_the_style_of_the_version_profile(
    versions: Versions, style: type[Any]
) -> None:
    server = ListServer(set(range(250)))
    listed = run_stream(
        pages(Api(Anonymous(), versions=versions), bookings.list(status="past")), server
    )
    assert {type(page.pagination) for page in listed} == {style}
    assert sum(len(page.items) for page in listed) == 250
    assert {page.total_items for page in listed} == {250 if style is OffsetPagination else None}


def test_the_last_operation_of_a_long_list_is_still_a_plain_value() -> None:
    server = ListServer(set(range(1_500)))
    listed = run_stream(pages(API, by_cursor(1)), server)
    last = listed[-2].next
    assert last == bookings.list(status="past", limit=1, cursor="c1498")
    assert hash(last) == hash(bookings.list(status="past", limit=1, cursor="c1498"))
    copied = pickle.loads(pickle.dumps(last))
    assert (copied, copied.seen_cursors) == (last, tuple(f"c{number}" for number in range(1_498)))
    assert len(repr(last)) < 200


# Even numbers stay; some odd numbers are inserted and removed between two pages.
STAYING = set(range(0, 60, 2))
ODD_NUMBERS = st.sets(st.integers(0, 30).map(lambda number: 2 * number + 1), max_size=8)
CHANGES = st.lists(st.tuples(ODD_NUMBERS, ODD_NUMBERS), max_size=30)


def changing(changes: list[tuple[set[int], set[int]]]) -> Callable[[ListServer], None]:
    waiting = iter(changes)

    def change(server: ListServer) -> None:
        inserted, removed = next(waiting, (set(), set()))
        server.held = (server.held | inserted) - removed

    return change


def numbers(yielded: list[Booking]) -> list[int]:
    return [int(booking.uid.removeprefix("b")) for booking in yielded]


@given(CHANGES, st.integers(1, 7))
def test_cursor_pagination_yields_each_lasting_booking_once_while_the_list_changes(
    changes: list[tuple[set[int], set[int]]], a_page: int
) -> None:
    server = ListServer(set(STAYING), changing(changes))
    yielded = numbers(run_stream(items(API, by_cursor(a_page)), server))
    assert yielded == sorted(set(yielded))
    assert set(yielded) >= STAYING


@given(CHANGES, st.integers(1, 7))
def test_offset_pagination_yields_no_booking_twice_while_the_list_changes(
    changes: list[tuple[set[int], set[int]]], a_page: int
) -> None:
    server = ListServer(set(STAYING), changing(changes))
    yielded = numbers(run_stream(items(API, by_offset(a_page)), server))
    assert len(yielded) == len(set(yielded))
    assert len(server.queries) <= 100 // a_page + 1


@given(st.lists(ODD_NUMBERS, max_size=30), st.integers(1, 7))
def test_offset_pagination_misses_nothing_while_nothing_is_removed(
    inserted: list[set[int]], a_page: int
) -> None:
    server = ListServer(set(STAYING), changing([(numbers, set()) for numbers in inserted]))
    yielded = numbers(run_stream(items(API, by_offset(a_page)), server))
    assert set(yielded) >= STAYING
    assert len(yielded) == len(set(yielded))


def churn(server: ListServer) -> None:
    """Insert odd numbers before and after the page, and remove others."""
    requests = len(server.queries)
    server.held |= {2 * requests + 1, 4 * requests + 1}
    server.held -= {2 * requests - 3, 4 * requests - 7}


@pytest.mark.exhaustive(sample=2)
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("staying", "least"), [(0, 1), (2, 1), (4, 2), (2_000, 1_000)])
def test_pagination_of_any_length_ends_and_yields_nothing_twice(
    style: Callable[[int], Operation[Page[Booking]]], staying: int, least: int
) -> None:
    stays = set(range(0, 2 * staying, 2))
    server = ListServer(set(stays), churn)
    yielded = numbers(run_stream(items(API, style(2)), server, most=10_000))
    assert len(yielded) == len(set(yielded))
    assert least <= len(server.queries) <= 2 * least + 2
    if style is by_cursor:
        assert set(yielded) >= stays


def test_a_booking_moved_to_the_next_page_is_yielded_once() -> None:
    server = ListServer({2, 4, 6, 8}, changing([({1}, set())]))
    listed = run_stream(pages(API, by_offset(2)), server)
    assert [numbers(list(page.items)) for page in listed] == [[2, 4], [4, 6], [8]]
    server = ListServer({2, 4, 6, 8}, changing([({1}, set())]))
    assert numbers(run_stream(items(API, by_offset(2)), server)) == [2, 4, 6, 8]


def paginations_in_turn(*paginations: dict[str, Any]) -> Callable[[Request], Response]:
    waiting = iter(enumerate(paginations))

    def server(request: Request) -> Response:
        number, pagination = next(waiting)
        return list_response([f"b{number}"], pagination)

    return server


def more(cursor: object) -> dict[str, Any]:
    return {"nextCursor": cursor, "hasMore": True}


# The pages so far, the page with the invalid pagination, and the reason.
INVALID_CURSORS: list[tuple[list[dict[str, Any]], str]] = [
    (
        [more(None)],
        "nothing at $.pagination.nextCursor instead of a cursor, because hasMore is true",
    ),
    ([more("")], "an empty string at $.pagination.nextCursor instead of a cursor, because hasMore"),
    (
        [{"hasMore": True}],
        "nothing at $.pagination.nextCursor instead of a cursor, because hasMore",
    ),
    ([more("\ud800")], "half a surrogate pair at $.pagination.nextCursor instead of a cursor"),
    (
        [more("a"), more("a")],
        "a repeated cursor at $.pagination.nextCursor instead of a new cursor",
    ),
    (
        [more("a"), more("b"), more("a")],
        "a repeated cursor at $.pagination.nextCursor instead of a new cursor",
    ),
    (
        [more("a"), more("b"), more("c"), more("b")],
        "a repeated cursor at $.pagination.nextCursor instead of a new cursor",
    ),
    ([more(5)], "an integer at $.pagination.nextCursor instead of a string"),
    (
        [{"nextCursor": None, "hasMore": "no"}],
        "a string at $.pagination.hasMore instead of a boolean",
    ),
]


@pytest.mark.parametrize(("paginations", "reason"), INVALID_CURSORS)
def test_an_invalid_cursor_is_an_error_and_not_a_loop(
    paginations: list[dict[str, Any]], reason: str
) -> None:
    stream = items(API, bookings.list(limit=1))
    with pytest.raises(DecodingError) as caught:
        run_stream(stream, paginations_in_turn(*paginations))
    assert f"200 with {reason}" in str(caught.value)
    assert type(caught.value) is PagingError


def test_pagination_emits_the_readable_items_before_it_raises() -> None:
    unreadable = json.loads(list_response(["b1", "b2", "b3"], more("c")).body)
    unreadable["data"][1]["id"] = "x"
    responses = {
        None: Response(200, (), json.dumps(unreadable).encode()),
        "c": list_response(["b3", "b4"], more("d")),
        "d": list_response(["b5"], more("c")),
    }

    def server(request: Request) -> Response:
        query = dict(parse_qsl(urlsplit(request.url).query))
        return responses[query.get("cursor")]

    emitted: list[Any] = []
    errors: list[DecodingError] = []
    following: Operation[Page[Booking]] | None = bookings.list(limit=3)
    while following is not None:
        try:
            run_stream(items(API, following), server, emitted=emitted)
        except PagingError as error:
            errors.append(error)
            break
        except DecodingError as error:
            errors.append(error)
            following = error.page.next
    assert [booking.uid for booking in emitted] == ["b1", "b3", "b3", "b4", "b5"]
    assert [(type(error), error.path) for error in errors] == [
        (DecodingError, "$.data[1].id"),
        (PagingError, "$.pagination.nextCursor"),
    ]


def test_the_error_of_an_invalid_cursor_has_its_page() -> None:
    repeated = bookings.list(limit=1, cursor="a")
    with pytest.raises(DecodingError) as caught:
        repeated.read(list_response(["b1"], more("a")))
    error = caught.value
    assert type(error) is PagingError
    assert error.path == "$.pagination.nextCursor"
    assert [booking.uid for booking in error.page.items] == ["b1"]
    assert error.page.next is None
    assert error.unreadable == ()
    assert str(error).endswith("(items in error.page: 1)")


def test_a_page_with_an_unreadable_item_keeps_the_next_page() -> None:
    body = json.loads(list_response(["b1", "b2"], more("c")).body)
    body["data"][0]["id"] = "x"
    with pytest.raises(DecodingError) as caught:
        bookings.list(limit=2).read(Response(200, (), json.dumps(body).encode()))
    assert [booking.uid for booking in caught.value.page.items] == ["b2"]
    assert caught.value.page.next == bookings.list(limit=2, cursor="c")
    assert list(map(itemgetter("id"), caught.value.unreadable)) == ["x"]


def test_the_last_page_ends_the_iteration_though_it_has_a_cursor() -> None:
    page = bookings.list(limit=1).read(list_response(["b1"], {"nextCursor": "x", "hasMore": False}))
    assert page.next is None
    assert page.pagination == CursorPagination(has_more=False, next_cursor="x")


OFFSET = {
    "totalItems": 9,
    "itemsPerPage": 3,
    "returnedItems": 3,
    "remainingItems": 6,
    "totalPages": 3,
    "currentPage": 1,
    "hasNextPage": True,
    "hasPreviousPage": False,
}


def test_a_server_that_ignores_skip_is_an_error_and_not_a_loop() -> None:
    with pytest.raises(DecodingError) as caught:
        run_stream(items(API, bookings.list(take=3)), paginations_in_turn(*[OFFSET] * 9))
    assert caught.value.path == "$.pagination.hasPreviousPage"
    assert "200 with false at $.pagination.hasPreviousPage instead of true after 3 items" in str(
        caught.value
    )


def test_the_paging_style_is_that_of_the_response_not_of_the_request() -> None:
    by_limit = teams.organization_bookings(5, limit=3, status="past")
    page = by_limit.read(list_response(["b1"], OFFSET))
    assert isinstance(page.pagination, OffsetPagination)
    assert page.next == teams.organization_bookings(5, status="past", take=3, skip=3)
    by_take = teams.organization_bookings(5, take=250, status="past")
    page = by_take.read(list_response(["b1"], more("c")))
    assert page.pagination == CursorPagination(has_more=True, next_cursor="c")
    assert page.next == teams.organization_bookings(5, status="past", limit=100, cursor="c")
    pinned = bookings.list(status="past", cal_api_version="2024-08-13")
    assert pinned.read(list_response(["b1"], more("c"))).next == bookings.list(
        status="past", cursor="c", cal_api_version="2026-05-01"
    )


HUNDRED = {**OFFSET, "totalItems": 250, "itemsPerPage": 100, "returnedItems": 100}


def test_a_page_of_an_unrequested_size_is_followed_by_the_items_after_it() -> None:
    dropped = teams.organization_bookings(5, limit=2, status="past").read(
        list_response(["b1"], HUNDRED)
    )
    assert dropped.next == teams.organization_bookings(5, status="past", take=100, skip=100)
    many = [f"b{number}" for number in range(120)]
    uncounted = {"hasNextPage": True}
    assert bookings.list(limit=2).read(list_response(many, uncounted)).next == bookings.list(
        take=120, skip=120
    )
    assert bookings.list(take=2).read(list_response(many, HUNDRED)).next == bookings.list(
        take=120, skip=120
    )


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_list_whose_limit_is_ignored_is_read_whole(concurrency: int) -> None:
    server = ListServer(set(range(450)))

    def dropping(request: Request) -> Response:
        url = request.url.replace("limit=2", "").replace("?&", "?").rstrip("?&")
        headers = {"cal-api-version": "2024-08-13"}
        return server(Request("GET", url, headers))

    yielded = run_stream(items(API, by_cursor(2), concurrency=concurrency), dropping)
    assert numbers(yielded) == list(range(450))
    assert len(server.queries) == 5


def test_totals_that_ignore_a_filter_do_not_prolong_pagination() -> None:
    recorded = ["live-19-list-after-created-total-ignores-filter"]
    recorded += ["live-20-list-before-created-empty-but-total"]
    waiting = [response_of(name) for name in recorded]
    first = bookings.list(event_type_id=15, after_created_at="2026-11-27T12:09:23.172Z", take=5)
    yielded = run_stream(pages(API, first), lambda request: waiting.pop(0))
    assert [(len(page.items), page.total_items) for page in yielded] == [(3, 340), (0, 340)]
    assert [page.next is None for page in yielded] == [False, True]


def test_a_list_without_totals_is_read_to_its_end() -> None:
    server = ListServer(set(range(60)))

    def uncounted(request: Request) -> Response:
        body = json.loads(server(request).body)
        body["pagination"] = {"hasNextPage": body["pagination"]["hasNextPage"]}
        return Response(200, (), json.dumps(body).encode())

    assert numbers(run_stream(items(API, by_offset(2), concurrency=3), uncounted)) == list(
        range(60)
    )
    assert len(server.queries) == 30


def test_an_endless_list_without_totals_is_an_error() -> None:
    with pytest.raises(PagingError) as caught:
        run_stream(
            items(API, bookings.list(take=1)),
            lambda _: list_response(["b1"], {"hasNextPage": True}),
        )
    error = caught.value
    assert error.path == "$.pagination.hasNextPage"
    assert error.data["pagination"] == {"hasNextPage": True}
    assert [item["uid"] for item in error.data["data"]] == ["b1"]
    assert "11 pages were read, the last 10 without a new booking" in str(error)


def test_bookings_without_a_pagination_are_yielded_before_the_error() -> None:
    body = {"status": "success", "data": json.loads(list_response(["b1", "b2"], {}).body)["data"]}
    response = Response(200, (), json.dumps(body).encode())
    emitted: list[Booking] = []
    with pytest.raises(PagingError) as caught:
        run_stream(items(API, by_offset(2)), lambda request: response, emitted=emitted)
    assert numbers(emitted) == [1, 2]
    assert (caught.value.path, caught.value.found) == ("$.pagination", "nothing")
    assert caught.value.page.pagination == OffsetPagination()


# The request, a pagination of the other style, and the reason.
OTHER_STYLES: dict[str, tuple[Operation[Page[Booking]], dict[str, Any], str]] = {
    "after a cursor": (bookings.list(cursor="c"), OFFSET, "a page by take and skip"),
    "after skip": (bookings.list(take=3, skip=3), more("c"), "a page by cursor"),
    "with a sort": (bookings.list(sort_end="asc"), more("c"), "a page by cursor"),
    "of two statuses": (
        bookings.list(status=["past", "upcoming"], cal_api_version="2024-08-13"),
        more("c"),
        "a page by cursor",
    ),
    "of a list that knows one way": (teams.bookings(5, take=3), more("c"), "a page by cursor"),
    "of a member's list": (teams.organization_user_bookings(5, 6), more("c"), "a page by cursor"),
}


@pytest.mark.parametrize("name", OTHER_STYLES)
def test_an_invalid_change_of_paging_style_is_an_error_with_its_page(name: str) -> None:
    operation, pagination, found = OTHER_STYLES[name]
    with pytest.raises(DecodingError) as caught:
        operation.read(list_response(["b1"], pagination))
    assert (caught.value.path, caught.value.found) == ("$.pagination", found)
    assert [booking.uid for booking in caught.value.page.items] == ["b1"]
    assert caught.value.page.next is None


def test_either_paging_style_may_state_the_end() -> None:
    end = {**OFFSET, "hasNextPage": False}
    assert bookings.list(cursor="c").read(list_response(["b1"], end)).next is None
    last = {"nextCursor": None, "hasMore": False}
    assert bookings.list(skip=3).read(list_response(["b1"], last)).next is None


def test_an_infinite_page_size_is_an_error() -> None:
    body = list_response(["b1"], {**OFFSET, "itemsPerPage": 7}).body.replace(
        b": 7,", b": %s," % (b"9" * 4_300)
    )
    with pytest.raises(DecodingError) as caught:
        bookings.list(skip=0).read(Response(200, (), body))
    assert caught.value.path == "$.pagination.itemsPerPage"


REAL_CURSOR = "eyJ2IjoxLCJzb3J0VXVpZCI6IjAxOTkyYTNmLTRjM2EtNzBiZC1hMTA0LTU3ZjA0ZjNhOGQyZSJ9"


def test_a_cursor_like_a_token_survives_an_unreadable_item() -> None:
    body = json.loads(list_response(["b1", "b2"], more(REAL_CURSOR)).body)
    body["data"][0]["id"] = "x"
    with pytest.raises(DecodingError) as caught:
        bookings.list(limit=2).read(Response(200, (), json.dumps(body).encode()))
    assert caught.value.page.pagination.next_cursor == REAL_CURSOR
    assert caught.value.page.next == bookings.list(limit=2, cursor=REAL_CURSOR)
    assert caught.value.path == "$.data[0].id"


def test_a_page_with_an_unreadable_item_and_an_invalid_cursor_is_not_the_end() -> None:
    body = json.loads(list_response(["b1", "b2"], more("c")).body)
    body["data"][0]["id"] = "x"
    with pytest.raises(DecodingError) as caught:
        bookings.list(limit=2, cursor="c").read(Response(200, (), json.dumps(body).encode()))
    assert caught.value.path == "$.pagination.nextCursor"
    assert [booking.uid for booking in caught.value.page.items] == ["b2"]
    assert [item["id"] for item in caught.value.unreadable] == ["x"]


@pytest.mark.parametrize("versions", [EVERYWHERE, HOSTED])
def test_the_next_page_equals_the_same_call_made_by_hand(
    versions: Versions,
) -> None:
    server = ListServer(set(range(250)))
    first = bookings.list(status="past")
    page = first.read(server(Api(Anonymous(), versions=versions).request(first)))
    by_hand = {
        "EVERYWHERE": bookings.list(status="past", skip=100),
        "HOSTED": bookings.list(status="past", cursor="c49"),
    }
    assert page.next == by_hand[versions.name]


def test_the_version_of_a_custom_profile_is_kept() -> None:
    mine = Api(Anonymous(), versions=Versions("mine", {"bookings": "2026-02-25"}))
    page = bookings.list(status="past").read(list_response(["b1"], OFFSET))
    assert page.next is not None
    assert mine.request(page.next).headers.get("cal-api-version") == "2026-02-25"
    assert API.request(page.next).headers.get("cal-api-version") == "2024-08-13"


def test_a_version_with_the_paging_style_is_kept() -> None:
    first = bookings.list(take=3, cal_api_version="2026-02-25")
    page = first.read(list_response(["b1"], OFFSET))
    assert page.next == bookings.list(take=3, skip=3, cal_api_version="2026-02-25")
