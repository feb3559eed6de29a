"""Walks with several pages at once, and walks that a server would never let end."""

import json
import pickle
from collections.abc import Callable
from typing import Any
from weakref import ref

import pytest
from core_lists import ListServer, answer, walk
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


def uids(shown: list[Booking]) -> list[str]:
    return [booking.uid for booking in shown]


def page_of(numbers: list[int], take: int, skip: int, total: int) -> Response:
    body = json.loads(ListServer(set(range(total)))._by_offset(take, skip).body)
    like = json.loads(answer([f"b{number}" for number in numbers], {}).body)
    return Response(200, (), json.dumps({**body, "data": like["data"]}).encode())


def batches(stream: Any, server: Callable[[Request], Response]) -> list[int]:
    """Walk to the end; returns how many pages were asked for at once, each time."""
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

    walk(counting(stream), server)
    return sizes


def test_after_the_first_page_so_many_are_asked_for_at_once() -> None:
    server = ListServer(set(range(2_000)))
    assert batches(items(API, past(50), concurrency=8), server) == [8, 8, 8, 8, 7]
    assert [int(query.get("skip", 0)) for query in server.asked] == list(range(0, 2_000, 50))
    assert {query["status"] for query in server.asked} == {"past"}


def test_two_pages_are_asked_for_one_after_the_other() -> None:
    assert batches(items(API, past(50), concurrency=8), ListServer(set(range(100)))) == []
    for walked in (items, pages):
        assert batches(walked(API, past(50)), ListServer(set(range(400)))) == []  # type: ignore[operator]


def test_a_list_by_cursor_is_read_one_page_after_another() -> None:
    server = ListServer(set(range(200)))
    assert batches(pages(API, by_cursor(50), concurrency=8), server) == []
    assert len(server.asked) == 4


@given(st.integers(0, 40), st.integers(1, 7), st.integers(1, 6), st.integers(0, 45))
def test_at_once_or_in_turn_the_same_is_shown_in_the_same_order(
    total: int, take: int, concurrency: int, skip: int
) -> None:
    in_turn, at_once = ListServer(set(range(total))), ListServer(set(range(total)))
    first = past(take, skip)
    shown = uids(walk(items(API, first), in_turn))
    assert shown == [f"b{number:02}".replace("b0", "b") for number in range(skip, total)]
    assert uids(walk(items(API, first, concurrency=concurrency), at_once)) == shown
    assert at_once.asked == in_turn.asked
    walked = walk(pages(API, first, concurrency=concurrency), at_once)
    assert [uid for page in walked for uid in uids(list(page.items))] == shown


COMING = st.lists(st.tuples(st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60))), max_size=30)


@given(COMING, st.integers(1, 7), st.integers(2, 6))
def test_at_once_nothing_is_shown_twice_whatever_comes_and_goes(
    changes: list[tuple[set[int], set[int]]], take: int, concurrency: int
) -> None:
    waiting = iter(changes)

    def change(server: ListServer) -> None:
        inserted, removed = next(waiting, (set(), set()))
        server.held = (server.held | inserted) - removed

    shown = uids(
        walk(items(API, past(take), concurrency=concurrency), ListServer(set(range(30)), change))
    )
    assert len(shown) == len(set(shown))


def test_a_list_that_grows_is_read_to_its_end() -> None:
    waiting = iter([7, 9, 11])

    def grow(server: ListServer) -> None:
        server.held |= set(range(next(waiting, 11)))

    server = ListServer(set(range(5)), grow)
    assert len(walk(items(API, past(1), concurrency=3), server)) == 11


@pytest.mark.parametrize("concurrency", [1, 3])
def test_no_more_pages_are_kept_than_are_asked_for_at_once(concurrency: int) -> None:
    server = ListServer(set(range(60)))
    answers: list[ref[Response]] = []
    kept, before = [], []

    def answering(request: Request) -> Response:
        before.append(sum(answer() is not None for answer in answers))
        response = server(request)
        answers.append(ref(response))
        return response

    class Counting(list[Any]):
        def append(self, item: Any) -> None:
            super().append(item)
            kept.append(sum(answer() is not None for answer in answers))

    walk(items(API, past(2), concurrency=concurrency), answering, emitted=Counting())
    assert len(answers) == 30
    assert max(kept) == concurrency
    assert kept[-1] == 1
    assert max(before) == concurrency - 1  # of the same batch


def test_what_is_twice_on_one_page_is_shown_once() -> None:
    script = [(past(4), page_of([1, 2, 1, 3], 4, 0, 4))]
    assert uids(list(iterate_script(items(API, past(4)), script))) == ["b1", "b2", "b3"]


def odd(response: Response) -> Response:
    body = json.loads(response.body)
    body["data"][0]["id"] = "x"
    return Response(200, (), json.dumps(body).encode())


def test_an_odd_page_among_several_is_told_after_those_before_it() -> None:
    script: list[Any] = [
        (past(2), page_of([0, 1], 2, 0, 8)),
        (
            [(past(2, 2), page_of([2, 3], 2, 2, 8))],
            [(past(2, 4), odd(page_of([4, 5], 2, 4, 8)))],
            [(past(2, 6), page_of([6, 7], 2, 6, 8))],
        ),
    ]
    shown: list[Booking] = []
    with pytest.raises(DecodingError) as caught:
        shown.extend(iterate_script(items(API, past(2), concurrency=3), script))
    assert uids(shown) == ["b0", "b1", "b2", "b3", "b5"]
    assert caught.value.page.next == past(2, 6)


def test_a_page_that_fails_is_told_after_those_before_it() -> None:
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
    shown: list[Booking] = []
    with pytest.raises(NotSent) as caught:
        shown.extend(iterate_script(items(API, past(2), once, concurrency=3), script))
    assert caught.value.args == lost.args
    assert uids(shown) == ["b0", "b1", "b2", "b3"]
    with pytest.raises(DecodingError) as unreadable:
        list(iterate_script(items(API, past(2), once), [(past(2), Response(200, (), b"<html>"))]))
    assert unreadable.value.page is None


@given(st.integers(0, 39), st.integers(1, 6), st.integers(1, 6))
def test_at_once_or_in_turn_the_same_is_shown_before_a_page_that_fails(
    broken: int, take: int, concurrency: int
) -> None:
    def answering(request: Request) -> Response:
        query = dict(pair.split("=") for pair in request.url.partition("?")[2].split("&"))
        skip = int(query.get("skip", 0))
        if skip <= broken < skip + take:
            return Response(403, (), b"no")
        return ListServer(set(range(40)))(request)

    shown: list[list[Booking]] = [[], []]
    for emitted, at_once in zip(shown, (1, concurrency), strict=True):
        with pytest.raises(PermissionDenied):
            walk(items(API, past(take), concurrency=at_once), answering, emitted=emitted)
    assert uids(shown[0]) == uids(shown[1]) == [f"b{n}" for n in range(broken // take * take)]


def test_a_replay_that_cannot_go_on_ends_the_walk_at_once() -> None:
    script: list[Any] = [
        (past(2), page_of([0, 1], 2, 0, 6)),
        ([(past(2, 2), page_of([2, 3], 2, 2, 6))], [(past(2, 4), ReplayError("no such exchange"))]),
    ]
    shown: list[Booking] = []
    with pytest.raises(ReplayError):
        shown.extend(iterate_script(items(API, past(2), concurrency=2), script))
    assert uids(shown) == ["b0", "b1"]


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
    walked = iterate_script(items(API, past(2), concurrency=2), script)
    assert uids(list(walked)) == ["b0", "b1", "b2", "b3", "b4", "b5"]


def test_a_list_whose_server_stays_busy_ends_within_the_policy() -> None:
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


# Servers that would never let a walk end: from the request's query, what they answer.
def _growing(query: dict[str, str]) -> Response:
    take, skip = int(query["take"]), int(query.get("skip", 0))
    return page_of(list(range(skip, skip + take)), take, skip, skip + take + 1)


def _always_more(query: dict[str, str]) -> Response:
    take, skip = int(query["take"]), int(query.get("skip", 0))
    body = json.loads(page_of([0, 1], take, min(skip, 2), 4).body)
    body["pagination"]["hasNextPage"] = True
    return Response(200, (), json.dumps(body).encode())


# What is asked before it is an error: of a list that grows as it is read, twice the two pages that
# the first one told of and ten more; of one that shows the same, ten times nothing new, by `items`
# after the two pages that are, and by `pages` after the first, which is the same as no other.
ENDLESS = {
    (_growing, items): (14, 28, "14 pages were read, and the last"),
    (_growing, pages): (14, 14, "14 pages were read, and the last"),
    (_always_more, items): (11, 2, "11 pages were read, the last 10 without a new booking, and"),
    (_always_more, pages): (11, 11, "11 pages were read, the last 10 without a new booking"),
}


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize(("endless", "walked"), ENDLESS)
def test_a_list_that_never_ends_is_an_error(
    endless: Callable[[dict[str, str]], Response], walked: Any, concurrency: int
) -> None:
    asked, emitted, said = ENDLESS[endless, walked]
    server = Never(endless)
    shown: list[Any] = []
    with pytest.raises(PagingError) as caught:
        walk(walked(API, past(2), concurrency=concurrency), server, emitted=shown)
    error = caught.value
    # Of the last batch some may have been asked for in vain.
    assert asked <= server.asked < asked + concurrency
    assert len(shown) == emitted
    assert f"bookings.list (GET /v2/bookings): the list does not end: {said}" in str(error)
    assert (error.path, error.found) == ("$.pagination.hasNextPage", "true")
    assert (error.page.next, len(error.page.items)) == (None, 2)
    assert not error.may_have_happened
    assert pickle.loads(pickle.dumps(error)).page == error.page


class Never:
    """A server that answers by a function of the query."""

    def __init__(self, answering: Callable[[dict[str, str]], Response]) -> None:
        self.asked = 0
        self._answering = answering

    def __call__(self, request: Request) -> Response:
        self.asked += 1
        query = dict(pair.split("=") for pair in request.url.partition("?")[2].split("&"))
        return self._answering(query)


def _by_turns(*shown: list[str]) -> Callable[[dict[str, str]], Response]:
    """Show pages in turn, for ever, each with a new cursor."""

    def answering(query: dict[str, str]) -> Response:
        number = int(query.get("cursor", "c0")[1:])
        return answer(shown[number % len(shown)], {"nextCursor": f"c{number + 1}", "hasMore": True})

    return answering


def test_a_list_by_cursor_that_shows_the_same_again_and_again_is_an_error() -> None:
    same = _by_turns(["b1", "b2"])
    for walked, most in ((items, 2), (pages, 2)):
        server = Never(same)
        shown: list[Any] = []
        with pytest.raises(PagingError) as caught:
            walk(walked(API, by_cursor(2)), server, emitted=shown)  # type: ignore[arg-type]
        assert server.asked == most
        assert len(shown) == 2
        assert caught.value.path == "$.pagination.hasMore"
        assert "2 pages were read, the last 1 without a new booking, and" in str(caught.value)


def test_a_list_by_cursor_that_turns_in_a_circle_is_an_error() -> None:
    server = Never(_by_turns(["b1"], ["b2"], ["b3"]))
    shown: list[Any] = []
    with pytest.raises(PagingError):
        walk(items(API, by_cursor(1)), server, emitted=shown)
    assert (uids(shown), server.asked) == (["b1", "b2", "b3"], 4)


@pytest.mark.parametrize("walked", [pages, items])
def test_a_list_that_shows_two_pages_in_turn_is_an_error(walked: Any) -> None:
    def in_turn(query: dict[str, str]) -> Response:
        skip = int(query.get("skip", 0))
        body = json.loads(page_of([skip // 2 % 2], 2, min(skip, 2), 8).body)
        body["pagination"]["totalItems"] = 10**12
        return Response(200, (), json.dumps(body).encode())

    server = Never(in_turn)
    with pytest.raises(PagingError):
        walk(walked(API, past(2)), server)
    assert server.asked == 12


def test_the_error_of_an_endless_list_holds_no_cookie() -> None:
    def endless(query: dict[str, str]) -> Response:
        whole = _by_turns(["b1"])(query)
        return Response(200, {"Set-Cookie": "sid=cal_test_cookie"}, whole.body)

    with pytest.raises(PagingError) as caught:
        walk(items(API, by_cursor(1)), Never(endless))
    assert uids(list(caught.value.page.items)) == ["b1"]
    assert b"cal_test_cookie" not in pickle.dumps(caught.value)


def test_an_empty_page_by_cursor_is_no_end() -> None:
    answers = iter([(["b1"], "a", True), ([], "b", True), ([], "c", True), (["b2"], None, False)])

    def server(request: Request) -> Response:
        shown, cursor, more = next(answers)
        return answer(shown, {"nextCursor": cursor, "hasMore": more})

    assert uids(walk(items(API, by_cursor(1)), server)) == ["b1", "b2"]


def test_a_list_by_cursor_that_stays_empty_is_an_error() -> None:
    for walked in (items, pages):
        server = Never(_by_turns(["b1"], *[[]] * 20))
        with pytest.raises(PagingError):
            walk(walked(API, by_cursor(1)), server)  # type: ignore[arg-type]
        assert server.asked == 11


def test_by_offset_a_page_may_show_what_the_one_before_it_did() -> None:
    """As where bookings come before the page as fast as it is read, for a while."""
    answers = iter([([1], True), ([1], True), ([1], True), ([2], True), ([3], False)])

    def server(request: Request) -> Response:
        numbers, more = next(answers)
        skip = 0 if "skip" not in request.url else 1
        body = json.loads(page_of(numbers, 1, skip, 30).body)
        body["pagination"]["hasNextPage"] = more
        return Response(200, (), json.dumps(body).encode())

    assert uids(walk(items(API, past(1)), server)) == ["b1", "b2", "b3"]


@pytest.mark.parametrize("walked", [pages, items])
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
def test_what_lists_no_bookings_is_refused_before_anything_is_sent(
    walked: Any, operation: Any
) -> None:
    with pytest.raises(InvalidInput) as caught:
        walked(API, operation)
    assert str(caught.value) == ("operation: must list bookings, such as bookings.list(…)")
    with pytest.raises(InvalidInput, match=r"^policy: must be a RetryPolicy, not NoneType$"):
        walked(API, past(2), None)


@pytest.mark.parametrize("walked", [pages, items])
@pytest.mark.parametrize("concurrency", [0, -1, 1.5, True, "2", None])
def test_a_concurrency_that_is_none_is_refused_at_once(walked: Any, concurrency: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        walked(API, past(2), concurrency=concurrency)
    assert str(caught.value) == "concurrency: must be an integer of at least 1"
