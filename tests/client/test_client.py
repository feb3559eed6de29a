"""Both clients: their methods, options, credentials and environment variables."""

import copy
import inspect
import json
import pickle
import pydoc
from collections.abc import Callable
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any, get_args

import pytest
import trio
from server import Server, responding

import calcom_core
from calcom_core import (
    AccessToken,
    Anonymous,
    Api,
    ApiKey,
    Booking,
    Exchange,
    Headers,
    InvalidInput,
    NoAnswer,
    NotFound,
    OAuthClient,
    OutcomeUnknown,
    Request,
    Response,
    Secret,
    Timeout,
    bookings,
)
from calcom_core.effects import emit, send
from calcom_core.paging import items
from calcom_core.responses import json as json_response
from calcom_core.retry import RetryPolicy, retrying
from calcom_core.routes import ROUTES
from calcom_transports import AsyncClient, Client, Recorder, Replay
from calcom_transports.namespaces import (
    AsyncAttendees,
    AsyncBookings,
    AsyncEventTypes,
    AsyncGuests,
    AsyncMe,
    AsyncSlots,
    AsyncTeams,
    Attendees,
    Bookings,
    EventTypes,
    Guests,
    Me,
    Slots,
    Teams,
)

KEY = "cal_test_client"
UID = "9dfkso7iDs9uZtHquD1zR1"


def booking(**changes: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "uid": UID,
        "title": "Normal",
        "status": "accepted",
        "hosts": [],
        "attendees": [],
        "start": "2027-04-05T09:00:00.000Z",
        "end": "2027-04-05T09:30:00.000Z",
        "duration": 30,
        "absentHost": False,
        "createdAt": "2026-11-22T16:34:57.000Z",
        "bookingFieldsResponses": {},
        **changes,
    }


def success(data: Any, **more: Any) -> Response:
    return json_response({"status": "success", "data": data, **more})


NAMESPACES = {
    "bookings": (Bookings, AsyncBookings),
    "bookings.attendees": (Attendees, AsyncAttendees),
    "bookings.guests": (Guests, AsyncGuests),
    "slots": (Slots, AsyncSlots),
    "teams": (Teams, AsyncTeams),
    "event_types": (EventTypes, AsyncEventTypes),
    "me": (Me, AsyncMe),
}


PROGRAMS = {"bookings.iterate", "bookings.create_once"}
"""The methods of the clients that run more than one operation."""


def public(cls: type[Any]) -> set[str]:
    return {name for name in dir(cls) if inspect.isroutine(getattr(cls, name)) and name[0] != "_"}


@pytest.mark.parametrize("kind", [0, 1])
def test_each_client_has_every_operation_under_its_own_name(kind: int) -> None:
    names = {
        f"{namespace}.{name}"
        for namespace, classes in NAMESPACES.items()
        for name in public(classes[kind])
    }

    assert names == ROUTES.keys() | PROGRAMS


@pytest.mark.parametrize("name", ROUTES)
def test_each_method_has_the_signature_and_docstring_of_its_function(name: str) -> None:
    function = attrgetter(name)(calcom_core)
    with Client(transport=Replay.of()) as client:
        method = attrgetter(name)(client)
    awaited = attrgetter(name)(AsyncClient(transport=Replay.of()))
    namespace, _, own = name.rpartition(".")

    signature = inspect.signature(function)
    result = get_args(signature.return_annotation)[0]
    for each, cls in zip((method, awaited), NAMESPACES[namespace], strict=True):
        assert inspect.signature(each) == signature.replace(return_annotation=result)
        assert (each.__name__, each.__doc__) == (own, function.__doc__)
        assert type(each.__self__) is cls
    assert inspect.iscoroutinefunction(awaited)
    assert not inspect.iscoroutinefunction(method)


def test_a_namespace_of_a_client_cannot_be_replaced() -> None:
    client: Any = Client(transport=Replay.of())
    assert Client.bookings.__doc__ == "The operations on bookings: `client.bookings` of `Client`."
    with pytest.raises(AttributeError, match="cannot be replaced"):
        client.bookings = None
    with pytest.raises(AttributeError, match="cannot be replaced"):
        client.bookings.guests = None


def test_a_methods_signature_has_the_result_instead_of_the_operation() -> None:
    given = "booking_uid: str, *, cal_api_version: str | None = None"
    result = "calcom_core.model.booking.Booking"

    for cls in (Bookings, AsyncBookings):
        assert str(inspect.signature(cls.get_one)) == f"(self, /, {given}) -> {result}"
    client = Client(transport=Replay.of())
    assert str(inspect.signature(client.bookings.get_one)) == f"({given}) -> {result}"


@pytest.mark.parametrize(("kind", "word"), [(Client, ""), (AsyncClient, "async ")])
def test_help_has_a_methods_own_name_parameters_and_docstring(kind: Any, word: str) -> None:
    method = kind(transport=Replay.of()).me.get
    shown = pydoc.render_doc(method, renderer=pydoc.plaintext).splitlines()

    assert shown[2].startswith(f"{word}get(*, cal_api_version: str | None = None) -> ")
    assert shown[3] == "    Get the user whose credentials are sent."


@pytest.mark.parametrize("cls", [Bookings, AsyncBookings])
def test_create_onces_signature_has_only_the_callers_parameters(cls: Any) -> None:
    signature = inspect.signature(cls.create_once)
    defaults = {name: each.default for name, each in signature.parameters.items()}

    assert defaults == {
        "self": inspect.Parameter.empty,
        "booking": inspect.Parameter.empty,
        "key": inspect.Parameter.empty,
        "policy": None,
        "timeout": None,
        "cal_api_version": None,
    }
    text = str(inspect.getdoc(cls.create_once))
    assert (
        "Args:\n    booking: a `NewBooking`, or a mapping of its keys; not an instant one." in text
    )
    assert "None, the default, is the client's `retry`, or else `DEFAULT_RETRY`." in text


def test_a_client_without_a_key_is_refused_unless_anonymous() -> None:
    with pytest.raises(InvalidInput, match="auth=Anonymous") as caught:
        Client(api_key=None)

    assert caught.value.field == "api_key"
    with Client(auth=Anonymous()) as client:
        assert client.api.auth == Anonymous()


def test_two_kinds_of_credentials_are_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        Client(api_key=KEY, auth=Anonymous())

    assert caught.value.field == "auth"


@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        (ApiKey(KEY), {"Authorization": "Bearer cal_test_client"}),
        (AccessToken("managed-token"), {"Authorization": "Bearer managed-token"}),
        (AccessToken(Secret("managed-token")), {"Authorization": "Bearer managed-token"}),
        (
            OAuthClient("client-1", "client-secret"),
            {"x-cal-client-id": "client-1", "x-cal-secret-key": "client-secret"},
        ),
        (Anonymous(), {}),
    ],
)
def test_each_kind_of_credentials_sends_its_headers(auth: Any, headers: dict[str, str]) -> None:
    op = bookings.get_one(UID)
    with Client(auth=auth, transport=Replay.of((op, success(booking())))) as client:
        sent = client.exchange(op).request

    usual = {"Accept", "User-Agent", "cal-api-version"}
    assert {name: value for name, value in sent.headers if name not in usual} == headers


def test_an_exchange_holds_request_response_and_value() -> None:
    op = bookings.get_one(UID)
    reply = success(booking())

    async def under_trio() -> Exchange[Booking]:
        async with AsyncClient(api_key=KEY, transport=Replay.of((op, reply))) as client:
            return await client.exchange(op)

    with Client(api_key=KEY, transport=Replay.of((op, reply))) as client:
        exchange = client.exchange(op)

    assert exchange == Exchange(client.api.request(op), reply, op.read(reply))
    assert trio.run(under_trio) == exchange


def test_a_client_runs_a_program() -> None:
    op = bookings.get_one(UID)
    with Client(transport=Replay.of((op, success(booking())))) as client:
        result = client.run(retrying(client.api, op))

    assert isinstance(result, Booking)


def by_cursor(uid: str, cursor: str | None) -> Response:
    pagination = {"nextCursor": cursor, "hasMore": cursor is not None}
    return success([booking(uid=uid)], pagination=pagination)


def test_each_client_iterates_all_pages() -> None:
    first, second = bookings.list(limit=1), bookings.list(limit=1, cursor="c")
    exchanges: list[Any] = [(first, by_cursor("a", "c")), (second, by_cursor("b", None))]

    async def under_trio() -> list[str]:
        async with AsyncClient(transport=Replay.of(exchanges)) as client:
            return [found.uid async for found in client.iterate(items(client.api, first))]

    with Client(transport=Replay.of(exchanges)) as client:
        assert [found.uid for found in client.iterate(items(client.api, first))] == ["a", "b"]
    assert trio.run(under_trio) == ["a", "b"]


def test_an_error_reaches_the_caller_unchanged_and_the_replay_adds_nothing() -> None:
    missing = {"status": "error", "error": {"code": "NotFoundException", "message": "gone"}}
    op = bookings.get_one(UID)
    replay = Replay.of((op, json_response(missing, 404)), (op, success(booking())))

    with pytest.raises(NotFound), Client(transport=replay) as client:
        client.bookings.get_one(UID)


class RecordingTransport:
    """A transport that records its timeouts and keys."""

    def __init__(self) -> None:
        self.timeouts: list[Timeout | None] = []
        self.keys: list[str | None] = []
        self.closed = 0

    def send(self, request: Request, timeout: Timeout | None) -> Response:
        self.timeouts.append(timeout)
        self.keys.append(request.headers.get("authorization"))
        return success(booking())

    def __exit__(self, *exception: object) -> None:
        self.closed += 1


class AsyncRecordingTransport(RecordingTransport):
    async def send(self, request: Request, timeout: Timeout | None) -> Response:  # type: ignore[override]
        return RecordingTransport.send(self, request, timeout)


def test_options_change_for_one_client_and_share_the_transport() -> None:
    transport = RecordingTransport()
    client = Client(api_key=KEY, transport=transport)
    hurried = client.with_options(timeout=2, retry=RetryPolicy())
    precise = client.with_options(timeout=Timeout(connect=1, read=2, total=3))

    total = Client(api_key=KEY, timeout=45, transport=transport)

    for each in (client, hurried, precise, hurried.with_options(), total):
        each.bookings.get_one(UID)
    client.close()

    assert transport.timeouts == [
        None,
        Timeout(2, 2, 2),
        Timeout(1, 2, 3),
        Timeout(2, 2, 2),
        Timeout(10, 30, 45),
    ]
    assert transport.closed == 1


def test_the_trio_client_has_the_same_options() -> None:
    transport = AsyncRecordingTransport()

    async def under_trio() -> None:
        client = AsyncClient(api_key=KEY, transport=transport, timeout=4)
        await client.bookings.get_one(UID)
        await client.with_options(timeout=2).bookings.get_one(UID)
        await client.aclose()

    trio.run(under_trio)

    assert transport.timeouts == [Timeout(4, 4, 4), Timeout(2, 2, 2)]
    assert transport.closed == 1


ACCESS = {"CF-Access-Client-Id": "shop", "CF-Access-Client-Secret": "test-secret-of-the-proxy"}
TRACE = (("traceparent", "00-4bf92f3577b34da6"), ("User-Agent", "shop/2"))
OPTIONS: list[dict[str, Any]] = [
    {},
    {"timeout": 5, "headers": None, "auth": None},
    {"auth": AccessToken("cal_test_fresh")},
    {"headers": TRACE},
    {"headers": TRACE, "auth": OAuthClient("shop", "cal_test_hush")},
    {"headers": {}, "auth": Anonymous()},
]


def test_extra_headers_and_fresh_credentials_go_over_the_wire_in_both_clients() -> None:
    body = json.dumps({"status": "success", "data": booking()}).encode()
    wire = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    async def under_trio(url: str) -> None:
        async with AsyncClient(KEY, base_url=url, headers=ACCESS) as client:
            for options in OPTIONS:
                await client.with_options(**options).bookings.get_one("u")
            await client.with_options(headers=TRACE).with_options(timeout=5).bookings.get_one("u")
            await client.bookings.get_one("u")

    with Server(responding(wire)) as server:
        with Client(KEY, base_url=server.url, headers=ACCESS) as client:
            for options in OPTIONS:
                client.with_options(**options).bookings.get_one("u")
            client.with_options(headers=TRACE).with_options(timeout=5).bookings.get_one("u")
            client.bookings.get_one("u")
        trio.run(under_trio, server.url)

    def sent(agent: str, *lines: str) -> bytes:
        head = [
            "GET /v2/bookings/u HTTP/1.1",
            f"Host: 127.0.0.1:{server.port}",
            "Accept: application/json",
            f"User-Agent: {agent}",
            "cal-api-version: 2024-08-13",
            *lines,
            "Accept-Encoding: gzip",
            "Connection: keep-alive",
        ]
        return "".join(f"{line}\r\n" for line in [*head, ""]).encode()

    ours, theirs = "calcom-bookings/0.2.0", "shop/2"
    key, trace = "Authorization: Bearer cal_test_client", "traceparent: 00-4bf92f3577b34da6"
    access = (
        "CF-Access-Client-Id: shop",
        "CF-Access-Client-Secret: test-secret-of-the-proxy",
    )
    requests = [
        sent(ours, key, *access),
        sent(ours, key, *access),
        sent(ours, "Authorization: Bearer cal_test_fresh", *access),
        sent(theirs, key, trace),
        sent(theirs, "x-cal-client-id: shop", "x-cal-secret-key: cal_test_hush", trace),
        sent(ours),
        sent(theirs, key, trace),
        sent(ours, key, *access),
    ]
    assert server.requests == requests * 2
    assert server.connections == 2  # one transport per client, shared by its options


def test_options_that_change_neither_headers_nor_credentials_keep_the_api() -> None:
    client = Client(KEY, transport=RecordingTransport(), headers=Headers(ACCESS), base_url=SERVER)
    assert client.api == Api(ApiKey(KEY), SERVER, headers=ACCESS)
    assert client.with_options(timeout=5).api is client.api
    assert client.with_options(auth=Anonymous()).api == Api(Anonymous(), SERVER, headers=ACCESS)
    assert client.with_options(headers=TRACE).api == Api(ApiKey(KEY), SERVER, headers=TRACE)
    assert (
        AsyncClient(KEY, transport=AsyncRecordingTransport(), headers=None).api.headers == Headers()
    )


INVALID: list[tuple[dict[str, Any], str]] = [
    (
        {"headers": {"Authorization": KEY}},
        "headers['Authorization']: is set from the credentials; pass them as api_key= or auth=",
    ),
    ({"headers": {"X-A": 5}}, "headers: contains int instead of text"),
    ({"headers": 5}, "headers: must be a mapping or pairs, not int"),
    (
        {"auth": KEY},
        "auth: must be ApiKey(…), AccessToken(…), OAuthClient(…) or Anonymous()",
    ),
]


@pytest.mark.parametrize(("options", "message"), INVALID)
@pytest.mark.parametrize(
    ("kind", "transport"),
    [(Client, RecordingTransport()), (AsyncClient, AsyncRecordingTransport())],
)
def test_invalid_headers_and_credentials_are_refused_at_once(
    kind: Any, transport: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        kind(transport=transport, base_url=SERVER, **{"auth": Anonymous(), **options})
    assert str(caught.value) == message
    client = kind(KEY, transport=transport)
    with pytest.raises(InvalidInput) as caught:
        client.with_options(**options)
    assert str(caught.value) == message
    assert client.api == Api(ApiKey(KEY))


def test_a_transport_needs_no_close() -> None:
    class Bare:
        def send(self, request: Request, timeout: Timeout | None) -> Response:
            return success(booking())

    class AsyncBare:
        async def send(self, request: Request, timeout: Timeout | None) -> Response:
            return success(booking())

    async def under_trio() -> Booking:
        async with AsyncClient(api_key=KEY, transport=AsyncBare()) as client:
            return await client.bookings.get_one(UID)

    with Client(api_key=KEY, transport=Bare()) as client:
        assert client.bookings.get_one(UID) == trio.run(under_trio)


def test_a_clients_repr_has_its_base_url_and_never_its_key() -> None:
    with Client(api_key=KEY, base_url="https://cal.example.org/api/") as client:
        assert repr(client) == "Client('https://cal.example.org/api', ApiKey)"
        assert KEY not in repr(vars(client)) + repr(client.bookings) + repr(client.api)


def test_a_transport_error_has_the_operation_and_no_credential() -> None:
    op = bookings.confirm(UID)
    replay = Replay.of((op, NoAnswer("closed early", reason="closed")))

    with pytest.raises(OutcomeUnknown) as caught, Client(api_key=KEY, transport=replay) as client:
        client.call(op)

    assert caught.value.operation == op
    assert caught.value.verify == bookings.get(UID)
    assert isinstance(caught.value.cause, NoAnswer)
    assert KEY.encode() not in pickle.dumps(caught.value)


class Awaiting:
    async def send(self, request: Request, timeout: Timeout | None) -> Response:
        raise AssertionError


@pytest.mark.parametrize(
    ("kind", "transport", "problem"),
    [
        (Client, "urllib3", "must be a Replay, or have send(request, timeout)"),
        (AsyncClient, object(), "must be a Replay, or have send(request, timeout)"),
        (Client, Replay, "must be a Replay, or have send(request, timeout)"),
        (Client, Awaiting(), "has `async def send`; use it with AsyncClient"),
        (AsyncClient, RecordingTransport(), "must have `async def send`; use this with Client"),
    ],
)
def test_a_transport_of_the_wrong_kind_is_refused_before_anything_is_sent(
    kind: Any, transport: Any, problem: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        kind(KEY, transport=transport)

    assert (caught.value.field, caught.value.problem) == ("transport", problem)


def test_an_invalid_retry_policy_is_refused() -> None:
    with pytest.raises(InvalidInput, match="retry: must be a RetryPolicy, not int"):
        Client(KEY, transport=RecordingTransport(), retry=3)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="retry: must be a RetryPolicy, not str"):
        Client(KEY, transport=RecordingTransport()).with_options(retry="3")  # type: ignore[arg-type]


def test_a_key_from_an_empty_variable_is_a_missing_key() -> None:
    with pytest.raises(InvalidInput) as caught:
        Client("")
    assert str(caught.value) == ("api_key: is empty; give a key, or omit it to read CALCOM_API_KEY")
    with Client("", transport=Replay.of()) as client:
        assert client.api.auth == Anonymous()


BAD_KEYS: dict[str, tuple[dict[str, Any], str]] = {
    "empty": (
        {"api_key": ""},
        "api_key: is empty; give a key, or omit it to read CALCOM_API_KEY",
    ),
    "of a header": (
        {"api_key": "Bearer cal_test_x"},
        "api_key: contains a space, a line break or a character outside ASCII; "
        "strip it, and omit 'Bearer '",
    ),
    "of another type": (
        {"api_key": ApiKey(KEY)},
        "api_key: must be a string, not ApiKey; pass other credentials as auth=",
    ),
    "as auth": (
        {"auth": KEY},
        "auth: must be ApiKey(…), AccessToken(…), OAuthClient(…) or Anonymous()",
    ),
    "empty as auth": (
        {"auth": ""},
        "auth: must be ApiKey(…), AccessToken(…), OAuthClient(…) or Anonymous()",
    ),
    "none": (
        {},
        "api_key: is missing; give it, or set the environment variable CALCOM_API_KEY; "
        "to call without credentials, give auth=Anonymous()",
    ),
}


@pytest.mark.parametrize("name", BAD_KEYS)
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_an_invalid_key_is_refused_and_names_its_argument(
    kind: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CALCOM_API_KEY", raising=False)
    given, message = BAD_KEYS[name]
    with pytest.raises(InvalidInput) as caught:
        kind(**given)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ApiKey(""), "api_key: is empty"),
        (lambda: AccessToken(""), "token: is empty"),
        (lambda: AccessToken(5), "token: must be a string, not int"),  # type: ignore[arg-type]
        (lambda: OAuthClient("", "s"), "client_id: is empty"),
        (lambda: OAuthClient("c", None), "client_secret: must be a string, not NoneType"),  # type: ignore[arg-type]
    ],
)
def test_each_kind_of_credentials_names_its_own_argument(
    make: Callable[[], Any], message: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        make()
    assert str(caught.value) == message


BOTH = pytest.mark.parametrize("kind", [Client, AsyncClient])
LIVE = pytest.mark.parametrize(
    "make",
    [
        partial(Client, transport=RecordingTransport()),
        partial(AsyncClient, transport=AsyncRecordingTransport()),
    ],
)
SERVER = "https://cal.example.org/api"


@LIVE
def test_a_client_reads_key_and_server_from_the_environment(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALCOM_API_KEY", KEY)
    assert make().api == Api(ApiKey(KEY))

    monkeypatch.setenv("CALCOM_BASE_URL", f"{SERVER}/v2/")
    assert make().api == Api(ApiKey(KEY), SERVER)


@LIVE
def test_an_argument_overrides_the_environment(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALCOM_API_KEY", "cal_test_of_the_environment")
    monkeypatch.setenv("CALCOM_BASE_URL", SERVER)

    assert make(KEY, base_url="https://h").api == Api(ApiKey(KEY), "https://h")
    assert make(auth=Anonymous()).api == Api(Anonymous(), SERVER)
    with pytest.raises(InvalidInput, match="api_key: is empty"):
        make("")


@LIVE
def test_a_variable_replaced_by_an_argument_is_not_read(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALCOM_API_KEY", " ")
    monkeypatch.setenv("CALCOM_BASE_URL", "")

    assert make(KEY, base_url=SERVER).api == Api(ApiKey(KEY), SERVER)
    assert make(auth=AccessToken(KEY), base_url=SERVER).api == Api(AccessToken(KEY), SERVER)


@LIVE
@pytest.mark.parametrize("name", ["CALCOM_API_KEY", "CALCOM_BASE_URL"])
@pytest.mark.parametrize("value", ["", " ", "\t\n"])
def test_a_blank_variable_is_an_error_that_names_it(
    make: Any, name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALCOM_API_KEY", KEY)
    monkeypatch.setenv(name, value)

    with pytest.raises(InvalidInput) as caught:
        make()

    assert str(caught.value) == f"{name}: is set and blank; give it a value, or unset it"


@LIVE
@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        (
            "CALCOM_API_KEY",
            f"{KEY}\n",
            "contains a space, a line break or a character outside ASCII; "
            "strip it, and omit 'Bearer '",
        ),
        (
            "CALCOM_BASE_URL",
            "cal.example.org",
            "must be an http or https URL such as https://api.cal.com",
        ),
    ],
)
def test_a_variable_with_an_invalid_value_is_an_error_that_names_it(
    make: Any, name: str, value: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALCOM_API_KEY", KEY)
    monkeypatch.setenv(name, value)

    with pytest.raises(InvalidInput) as caught:
        make()

    assert (caught.value.field, caught.value.problem) == (name, problem)


@BOTH
@pytest.mark.parametrize("key", [KEY, "", f"{KEY}\n"])
def test_a_replay_reads_no_variable(kind: Any, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALCOM_API_KEY", key)
    monkeypatch.setenv("CALCOM_BASE_URL", SERVER)

    assert kind(transport=Replay.of()).api == Api(Anonymous())


def test_a_recorder_reads_the_environment_and_writes_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("CALCOM_API_KEY", KEY)
    monkeypatch.setenv("CALCOM_BASE_URL", SERVER)
    path = tmp_path / "cassette.json"

    with Client(transport=Recorder(path, RecordingTransport())) as client:
        assert client.api == Api(ApiKey(KEY), SERVER)
        client.bookings.get_one(UID)
    with Client(base_url=SERVER, transport=Replay(path)) as client:
        assert client.bookings.get_one(UID).uid == UID

    assert KEY not in path.read_text()


@BOTH
def test_a_client_is_copied_and_never_pickled(kind: Any) -> None:
    client = kind(KEY, transport=Replay.of())
    assert vars(copy.copy(client)) == vars(client)
    name = kind.__name__
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError) as caught:
            pickle.dumps(client, protocol)
        assert str(caught.value) == (
            f"{name} cannot be pickled: it holds a credential and open connections; "
            "create one in each process"
        )


def test_many_clients_share_one_transport() -> None:
    transport = RecordingTransport()
    with Client("cal_test_of_the_first", transport=transport) as first:
        second = Client("cal_test_of_the_second", transport=transport)
        assert [client.bookings.get_one(UID).uid for client in (first, second)] == [UID, UID]
        assert transport.closed == 0
    assert transport.closed == 1
    assert transport.keys == ["Bearer cal_test_of_the_first", "Bearer cal_test_of_the_second"]


def test_an_invalid_operation_is_refused() -> None:
    with pytest.raises(
        InvalidInput, match=r"operation: must be an operation such as bookings\.get"
    ):
        Client(KEY, transport=RecordingTransport()).call(UID)  # type: ignore[arg-type]


def several(client: Any) -> Any:
    for _ in range(2):
        yield from emit((yield from retrying(client.api, bookings.get_one(UID))).uid)


def test_a_program_and_a_stream_have_the_clients_timeout_or_their_own() -> None:
    transport = RecordingTransport()
    client = Client(KEY, transport=transport, timeout=5)
    request = client.api.request(bookings.get_one(UID))

    client.run(send(request))
    client.run(send(request, timeout=2))
    assert list(client.iterate(several(client))) == [UID, UID]

    five, two = Timeout(5, 5, 5), Timeout(2, 2, 2)
    assert transport.timeouts == [five, two, five, five]


def test_a_program_and_a_stream_have_the_timeout_under_trio_too() -> None:
    transport = AsyncRecordingTransport()

    async def under_trio() -> list[str]:
        client = AsyncClient(KEY, transport=transport, timeout=5)
        await client.run(send(client.api.request(bookings.get_one(UID)), timeout=2))
        return [uid async for uid in client.iterate(several(client))]

    assert trio.run(under_trio) == [UID, UID]
    five, two = Timeout(5, 5, 5), Timeout(2, 2, 2)
    assert transport.timeouts == [two, five, five]
