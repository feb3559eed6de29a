"""Lists of many pages, in both ways of paging, while the list changes."""

import json
import pickle
from collections.abc import Callable
from operator import itemgetter
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from core_lists import ListServer, answer, walk
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


WAYS = [by_offset, by_cursor]
API = Api(Anonymous())


@pytest.mark.exhaustive(sample=6)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("held", "a_page", "walked"),
    [(0, 3, 1), (1, 3, 1), (3, 3, 1), (4, 3, 2), (6, 3, 2), (2_000, 2, 1_000), (1_999, 2, 1_000)],
)
def test_a_walk_asks_for_each_page_once_and_shows_every_booking(
    way: Callable[[int], Operation[Page[Booking]]], held: int, a_page: int, walked: int
) -> None:
    server = ListServer(set(range(held)))
    shown = walk(items(API, way(a_page)), server)
    assert [booking.uid for booking in shown] == [f"b{number}" for number in range(held)]
    assert len(server.asked) == walked
    assert {query["status"] for query in server.asked} == {"past"}


def test_the_second_page_is_asked_for_in_the_way_of_the_first() -> None:
    offset, cursor = ListServer(set(range(4))), ListServer(set(range(4)))
    walk(pages(API, by_offset(3)), offset)
    walk(pages(API, by_cursor(3)), cursor)
    assert offset.asked == [
        {"status": "past", "take": "3"},
        {"status": "past", "take": "3", "skip": "3"},
    ]
    assert cursor.asked == [
        {"status": "past", "limit": "3"},
        {"status": "past", "limit": "3", "cursor": "c2"},
    ]


@pytest.mark.parametrize(
    ("versions", "way"), [(EVERYWHERE, OffsetPagination), (HOSTED, CursorPagination)]
)
def test_a_list_that_says_no_way_of_paging_has_that_of_the_table(
    versions: Versions, way: type[Any]
) -> None:
    server = ListServer(set(range(250)))
    walked = walk(pages(Api(Anonymous(), versions=versions), bookings.list(status="past")), server)
    assert {type(page.pagination) for page in walked} == {way}
    assert sum(len(page.items) for page in walked) == 250
    assert {page.total_items for page in walked} == {250 if way is OffsetPagination else None}


def test_the_last_operation_of_a_long_walk_is_still_a_plain_value() -> None:
    server = ListServer(set(range(1_500)))
    walked = walk(pages(API, by_cursor(1)), server)
    last = walked[-2].next
    assert last == bookings.list(status="past", limit=1, cursor="c1498")
    assert hash(last) == hash(bookings.list(status="past", limit=1, cursor="c1498"))
    copied = pickle.loads(pickle.dumps(last))
    assert (copied, copied.seen_cursors) == (last, tuple(f"c{number}" for number in range(1_498)))
    assert len(repr(last)) < 200


# Even numbers stay; between two pages some of the odd ones come and go.
STAYING = set(range(0, 60, 2))
ODD = st.sets(st.integers(0, 30).map(lambda number: 2 * number + 1), max_size=8)
CHANGES = st.lists(st.tuples(ODD, ODD), max_size=30)


def changing(changes: list[tuple[set[int], set[int]]]) -> Callable[[ListServer], None]:
    waiting = iter(changes)

    def change(server: ListServer) -> None:
        inserted, removed = next(waiting, (set(), set()))
        server.held = (server.held | inserted) - removed

    return change


def numbers(shown: list[Booking]) -> list[int]:
    return [int(booking.uid.removeprefix("b")) for booking in shown]


@given(CHANGES, st.integers(1, 7))
def test_a_walk_by_cursor_shows_what_stays_once_whatever_comes_and_goes(
    changes: list[tuple[set[int], set[int]]], a_page: int
) -> None:
    server = ListServer(set(STAYING), changing(changes))
    shown = numbers(walk(items(API, by_cursor(a_page)), server))
    assert shown == sorted(set(shown))
    assert set(shown) >= STAYING


@given(CHANGES, st.integers(1, 7))
def test_a_walk_by_offset_shows_nothing_twice_whatever_comes_and_goes(
    changes: list[tuple[set[int], set[int]]], a_page: int
) -> None:
    server = ListServer(set(STAYING), changing(changes))
    shown = numbers(walk(items(API, by_offset(a_page)), server))
    assert len(shown) == len(set(shown))
    assert len(server.asked) <= 100 // a_page + 1


@given(st.lists(ODD, max_size=30), st.integers(1, 7))
def test_a_walk_by_offset_misses_nothing_while_nothing_goes(
    inserted: list[set[int]], a_page: int
) -> None:
    server = ListServer(set(STAYING), changing([(numbers, set()) for numbers in inserted]))
    shown = numbers(walk(items(API, by_offset(a_page)), server))
    assert set(shown) >= STAYING
    assert len(shown) == len(set(shown))


def churn(server: ListServer) -> None:
    """Let odd numbers come before and after the page, and others go."""
    asked = len(server.asked)
    server.held |= {2 * asked + 1, 4 * asked + 1}
    server.held -= {2 * asked - 3, 4 * asked - 7}


@pytest.mark.exhaustive(sample=2)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("staying", "least"), [(0, 1), (2, 1), (4, 2), (2_000, 1_000)])
def test_a_walk_of_any_length_ends_and_shows_nothing_twice_while_the_list_changes(
    way: Callable[[int], Operation[Page[Booking]]], staying: int, least: int
) -> None:
    stays = set(range(0, 2 * staying, 2))
    server = ListServer(set(stays), churn)
    shown = numbers(walk(items(API, way(2)), server, most=10_000))
    assert len(shown) == len(set(shown))
    assert least <= len(server.asked) <= 2 * least + 2
    if way is by_cursor:
        assert set(shown) >= stays


def test_an_insertion_that_moves_a_booking_to_the_next_page_shows_it_once() -> None:
    server = ListServer({2, 4, 6, 8}, changing([({1}, set())]))
    walked = walk(pages(API, by_offset(2)), server)
    assert [numbers(list(page.items)) for page in walked] == [[2, 4], [4, 6], [8]]
    server = ListServer({2, 4, 6, 8}, changing([({1}, set())]))
    assert numbers(walk(items(API, by_offset(2)), server)) == [2, 4, 6, 8]


def by_answers(*paginations: dict[str, Any]) -> Callable[[Request], Response]:
    waiting = iter(enumerate(paginations))

    def server(request: Request) -> Response:
        number, pagination = next(waiting)
        return answer([f"b{number}"], pagination)

    return server


def more(cursor: object) -> dict[str, Any]:
    return {"nextCursor": cursor, "hasMore": True}


# The walk so far, then the page whose pagination cannot be followed, and what is said of it.
ODD_CURSORS: list[tuple[list[dict[str, Any]], str]] = [
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


@pytest.mark.parametrize(("paginations", "said"), ODD_CURSORS)
def test_a_cursor_that_cannot_be_followed_is_an_error_and_no_loop(
    paginations: list[dict[str, Any]], said: str
) -> None:
    stream = items(API, bookings.list(limit=1))
    with pytest.raises(DecodingError) as caught:
        walk(stream, by_answers(*paginations))
    assert f"200 with {said}" in str(caught.value)
    assert type(caught.value) is PagingError


def test_a_walk_emits_what_is_readable_before_it_raises() -> None:
    odd = json.loads(answer(["b1", "b2", "b3"], more("c")).body)
    odd["data"][1]["id"] = "x"
    answers = {
        None: Response(200, (), json.dumps(odd).encode()),
        "c": answer(["b3", "b4"], more("d")),
        "d": answer(["b5"], more("c")),
    }

    def server(request: Request) -> Response:
        query = dict(parse_qsl(urlsplit(request.url).query))
        return answers[query.get("cursor")]

    emitted: list[Any] = []
    errors: list[DecodingError] = []
    following: Operation[Page[Booking]] | None = bookings.list(limit=3)
    while following is not None:
        try:
            walk(items(API, following), server, emitted=emitted)
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


def test_a_page_whose_cursor_cannot_be_followed_is_in_the_error() -> None:
    repeated = bookings.list(limit=1, cursor="a")
    with pytest.raises(DecodingError) as caught:
        repeated.read(answer(["b1"], more("a")))
    error = caught.value
    assert type(error) is PagingError
    assert error.path == "$.pagination.nextCursor"
    assert [booking.uid for booking in error.page.items] == ["b1"]
    assert error.page.next is None
    assert error.unreadable == ()
    assert str(error).endswith("(items in error.page: 1)")


def test_a_page_with_an_odd_item_keeps_the_next_one() -> None:
    body = json.loads(answer(["b1", "b2"], more("c")).body)
    body["data"][0]["id"] = "x"
    with pytest.raises(DecodingError) as caught:
        bookings.list(limit=2).read(Response(200, (), json.dumps(body).encode()))
    assert [booking.uid for booking in caught.value.page.items] == ["b2"]
    assert caught.value.page.next == bookings.list(limit=2, cursor="c")
    assert list(map(itemgetter("id"), caught.value.unreadable)) == ["x"]


def test_the_last_page_ends_the_walk_though_it_has_a_cursor() -> None:
    page = bookings.list(limit=1).read(answer(["b1"], {"nextCursor": "x", "hasMore": False}))
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


def test_a_server_that_takes_no_notice_of_skip_is_an_error_and_no_loop() -> None:
    with pytest.raises(DecodingError) as caught:
        walk(items(API, bookings.list(take=3)), by_answers(*[OFFSET] * 9))
    assert caught.value.path == "$.pagination.hasPreviousPage"
    assert "200 with false at $.pagination.hasPreviousPage instead of true after 3 items" in str(
        caught.value
    )


def test_the_way_of_paging_is_that_of_the_answer_not_that_of_the_request() -> None:
    by_limit = teams.organization_bookings(5, limit=3, status="past")
    page = by_limit.read(answer(["b1"], OFFSET))
    assert isinstance(page.pagination, OffsetPagination)
    assert page.next == teams.organization_bookings(5, status="past", take=3, skip=3)
    by_take = teams.organization_bookings(5, take=250, status="past")
    page = by_take.read(answer(["b1"], more("c")))
    assert page.pagination == CursorPagination(has_more=True, next_cursor="c")
    assert page.next == teams.organization_bookings(5, status="past", limit=100, cursor="c")
    pinned = bookings.list(status="past", cal_api_version="2024-08-13")
    assert pinned.read(answer(["b1"], more("c"))).next == bookings.list(
        status="past", cursor="c", cal_api_version="2026-05-01"
    )


HUNDRED = {**OFFSET, "totalItems": 250, "itemsPerPage": 100, "returnedItems": 100}


def test_a_page_of_another_size_than_was_asked_is_followed_by_what_comes_after_it() -> None:
    dropped = teams.organization_bookings(5, limit=2, status="past").read(answer(["b1"], HUNDRED))
    assert dropped.next == teams.organization_bookings(5, status="past", take=100, skip=100)
    many = [f"b{number}" for number in range(120)]
    uncounted = {"hasNextPage": True}
    assert bookings.list(limit=2).read(answer(many, uncounted)).next == bookings.list(
        take=120, skip=120
    )
    assert bookings.list(take=2).read(answer(many, HUNDRED)).next == bookings.list(
        take=120, skip=120
    )


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_list_whose_limit_is_dropped_is_shown_whole(concurrency: int) -> None:
    server = ListServer(set(range(450)))

    def dropping(request: Request) -> Response:
        url = request.url.replace("limit=2", "").replace("?&", "?").rstrip("?&")
        headers = {"cal-api-version": "2024-08-13"}
        return server(Request("GET", url, headers))

    shown = walk(items(API, by_cursor(2), concurrency=concurrency), dropping)
    assert numbers(shown) == list(range(450))
    assert len(server.asked) == 5


def test_totals_that_ignore_a_filter_do_not_keep_a_walk_from_its_end() -> None:
    recorded = ["live-19-list-after-created-total-ignores-filter"]
    recorded += ["live-20-list-before-created-empty-but-total"]
    waiting = [response_of(name) for name in recorded]
    first = bookings.list(event_type_id=15, after_created_at="2026-11-27T12:09:23.172Z", take=5)
    shown = walk(pages(API, first), lambda request: waiting.pop(0))
    assert [(len(page.items), page.total_items) for page in shown] == [(3, 340), (0, 340)]
    assert [page.next is None for page in shown] == [False, True]


def test_a_list_that_does_not_count_itself_is_read_to_its_end() -> None:
    server = ListServer(set(range(60)))

    def uncounted(request: Request) -> Response:
        body = json.loads(server(request).body)
        body["pagination"] = {"hasNextPage": body["pagination"]["hasNextPage"]}
        return Response(200, (), json.dumps(body).encode())

    assert numbers(walk(items(API, by_offset(2), concurrency=3), uncounted)) == list(range(60))
    assert len(server.asked) == 30


def test_a_list_that_does_not_count_itself_and_never_ends_is_an_error() -> None:
    with pytest.raises(PagingError) as caught:
        walk(items(API, bookings.list(take=1)), lambda _: answer(["b1"], {"hasNextPage": True}))
    error = caught.value
    assert error.path == "$.pagination.hasNextPage"
    assert error.data["pagination"] == {"hasNextPage": True}
    assert [item["uid"] for item in error.data["data"]] == ["b1"]
    assert "11 pages were read, the last 10 without a new booking" in str(error)


def test_bookings_without_a_pagination_are_shown_before_the_error() -> None:
    body = {"status": "success", "data": json.loads(answer(["b1", "b2"], {}).body)["data"]}
    response = Response(200, (), json.dumps(body).encode())
    emitted: list[Booking] = []
    with pytest.raises(PagingError) as caught:
        walk(items(API, by_offset(2)), lambda request: response, emitted=emitted)
    assert numbers(emitted) == [1, 2]
    assert (caught.value.path, caught.value.found) == ("$.pagination", "nothing")
    assert caught.value.page.pagination == OffsetPagination()


# What was asked, the answer's pagination of the other way, and what is said of it.
OTHER_WAYS: dict[str, tuple[Operation[Page[Booking]], dict[str, Any], str]] = {
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


@pytest.mark.parametrize("name", OTHER_WAYS)
def test_another_way_of_paging_that_cannot_go_on_is_an_error_with_its_page(name: str) -> None:
    operation, pagination, found = OTHER_WAYS[name]
    with pytest.raises(DecodingError) as caught:
        operation.read(answer(["b1"], pagination))
    assert (caught.value.path, caught.value.found) == ("$.pagination", found)
    assert [booking.uid for booking in caught.value.page.items] == ["b1"]
    assert caught.value.page.next is None


def test_the_end_may_be_told_in_either_way() -> None:
    end = {**OFFSET, "hasNextPage": False}
    assert bookings.list(cursor="c").read(answer(["b1"], end)).next is None
    last = {"nextCursor": None, "hasMore": False}
    assert bookings.list(skip=3).read(answer(["b1"], last)).next is None


def test_a_page_size_that_no_number_can_hold_is_an_error() -> None:
    body = answer(["b1"], {**OFFSET, "itemsPerPage": 7}).body.replace(
        b": 7,", b": %s," % (b"9" * 4_300)
    )
    with pytest.raises(DecodingError) as caught:
        bookings.list(skip=0).read(Response(200, (), body))
    assert caught.value.path == "$.pagination.itemsPerPage"


REAL_CURSOR = "eyJ2IjoxLCJzb3J0VXVpZCI6IjAxOTkyYTNmLTRjM2EtNzBiZC1hMTA0LTU3ZjA0ZjNhOGQyZSJ9"


def test_a_cursor_that_looks_like_a_token_outlives_an_odd_item() -> None:
    body = json.loads(answer(["b1", "b2"], more(REAL_CURSOR)).body)
    body["data"][0]["id"] = "x"
    with pytest.raises(DecodingError) as caught:
        bookings.list(limit=2).read(Response(200, (), json.dumps(body).encode()))
    assert caught.value.page.pagination.next_cursor == REAL_CURSOR
    assert caught.value.page.next == bookings.list(limit=2, cursor=REAL_CURSOR)
    assert caught.value.path == "$.data[0].id"


def test_a_page_with_an_odd_item_and_a_walk_astray_says_that_it_is_not_the_end() -> None:
    body = json.loads(answer(["b1", "b2"], more("c")).body)
    body["data"][0]["id"] = "x"
    with pytest.raises(DecodingError) as caught:
        bookings.list(limit=2, cursor="c").read(Response(200, (), json.dumps(body).encode()))
    assert caught.value.path == "$.pagination.nextCursor"
    assert [booking.uid for booking in caught.value.page.items] == ["b2"]
    assert [item["id"] for item in caught.value.unreadable] == ["x"]


@pytest.mark.parametrize("versions", [EVERYWHERE, HOSTED])
def test_the_next_page_is_that_of_the_same_call_by_hand_whatever_the_table(
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


def test_the_version_of_a_table_of_ones_own_is_kept() -> None:
    mine = Api(Anonymous(), versions=Versions("mine", {"bookings": "2026-02-25"}))
    page = bookings.list(status="past").read(answer(["b1"], OFFSET))
    assert page.next is not None
    assert mine.request(page.next).headers.get("cal-api-version") == "2026-02-25"
    assert API.request(page.next).headers.get("cal-api-version") == "2024-08-13"


def test_a_version_that_knows_the_way_of_paging_is_kept() -> None:
    first = bookings.list(take=3, cal_api_version="2026-02-25")
    page = first.read(answer(["b1"], OFFSET))
    assert page.next == bookings.list(take=3, skip=3, cal_api_version="2026-02-25")
