"""No credential is in anything that the library writes, prints, logs, pickles or raises.

The tests take every path with a key, above all those that fail, and search every byte of output.
"""

import asyncio
import base64
import json
import logging
import os
import pickle
import pprint
import re
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from io import StringIO
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any
from urllib.parse import quote

import attrs
import devtools
import pytest
import rich.console
import rich.pretty
import rich.traceback
import sentry_sdk
import structlog
import trio
from sentry_sdk.scrubber import EventScrubber
from sentry_sdk.utils import event_from_exception
from server import Handler, Server, responding, responding_once, stalling

from calcom_core import (
    NO_RETRY,
    AccessToken,
    Anonymous,
    Api,
    ApiKey,
    Headers,
    InvalidInput,
    OAuthClient,
    Request,
    Response,
    Secret,
    Timeout,
    TransportError,
    bookings,
    responses,
    retrying,
    run_script,
    webhooks,
)
from calcom_core.effects import Send, send
from calcom_core.redaction import Redactor, collect_credentials
from calcom_transports import AsyncClient, Client, Recorder, Redaction, Replay, use_cassette
from calcom_transports.asyncio import AsyncioTransport
from calcom_transports.cassette import load
from calcom_transports.proxies import parse_proxies
from calcom_transports.pseudonyms import People
from calcom_transports.trio import TrioTransport
from calcom_transports.urllib3 import Urllib3Transport

# Each encoding changes at least one character of it.
KEY = 'cal_test_key"k+e/y\\=%25~0123456789'
QUICK = Timeout(connect=0.2, read=0.05, total=0.2)


def base64_of(key: str) -> Iterator[bytes]:
    """Yield the base64 of a key at each offset, without the characters that depend on the rest."""
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(b"\0" * before + key.encode())[4 if before else 0 : -4]


def forms_of(key: str) -> list[bytes]:
    whole = "".join(f"%{ord(letter):02X}" for letter in key)
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in key)
    texts = [
        *(key, repr(key)[1:-1], repr(key.encode())[2:-1]),
        *(quote(key, safe=""), quote(key), quote(quote(key, safe="")), whole, whole.lower()),
        *(json.dumps(key)[1:-1], json.dumps(json.dumps(key))[3:-3], json.dumps(repr(key))[2:-2]),
        escaped,
        key.encode().hex(),
    ]
    return [*(text.encode() for text in texts), *base64_of(key)]


FORMS = forms_of(KEY)


def found_in(content: bytes) -> list[bytes]:
    return [form for form in FORMS if form in content]


def test_the_search_finds_each_form_of_the_key() -> None:
    for text in (KEY, quote(KEY), json.dumps({"a": KEY}), repr({"a": KEY}), repr(KEY.encode())):
        assert found_in(f"x{text}x".encode())
    for before in ("", "u:", "Bearer "):
        assert found_in(base64.b64encode(f"{before}{KEY}".encode()))
    assert not found_in(b"nothing")


WIDE = 100_000


def collected_by_rich(error: BaseException) -> str:
    """Return every local in full, as rich collects them; drawing them takes long."""
    found = rich.traceback.Traceback.extract(
        *(type(error), error, error.__traceback__),
        show_locals=True,
        locals_max_length=None,  # type: ignore[arg-type]  # rich accepts None
        locals_max_string=None,  # type: ignore[arg-type]
    )
    frames = [frame for stack in found.stacks for frame in stack.frames]
    locals_found = [item for frame in frames for item in (frame.locals or {}).items()]
    return "\n".join(f"{name} = {node.render(max_width=WIDE)}" for name, node in locals_found)


def drawn_by_rich(error: BaseException) -> str:
    """Draw a traceback with every local in full."""
    shown = rich.traceback.Traceback.from_exception(
        *(type(error), error, error.__traceback__),
        show_locals=True,
        locals_max_length=None,  # type: ignore[arg-type]  # rich accepts None
        locals_max_string=None,  # type: ignore[arg-type]
        max_frames=0,
    )
    console = rich.console.Console(file=StringIO(), width=200)
    with console.capture() as captured:
        console.print(shown)
    return captured.get()


CONSOLE = structlog.dev.ConsoleRenderer()
DICTIONARIES = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(
        show_locals=True, locals_max_length=WIDE, locals_max_string=WIDE
    )
)


def drawn_by_structlog(error: BaseException) -> str:
    return CONSOLE(None, "error", {"event": "failed", "exc_info": error})


def by_structlog_as_json(error: BaseException) -> str:
    event = DICTIONARIES(None, "error", {"event": "failed", "exc_info": error})
    return str(structlog.processors.JSONRenderer()(None, "error", event))


class Collecting(sentry_sdk.transport.Transport):
    """Collects the events of Sentry instead of sending them."""

    def capture_envelope(self, envelope: Any) -> None:
        EVENTS.append(envelope.get_event())


EVENTS: list[Any] = []
SENTRY = sentry_sdk.Client(
    dsn="https://public@sentry.invalid/1",
    transport=Collecting,
    default_integrations=False,
    auto_enabling_integrations=False,
    max_value_length=WIDE,
    # By default, Sentry hides some variables by their names.
    event_scrubber=EventScrubber(denylist=[], pii_denylist=[]),
)


def by_sentry(error: BaseException) -> str:
    event, hint = event_from_exception(error, client_options=SENTRY.options)
    assert SENTRY.capture_event(event, hint) is not None
    return json.dumps(EVENTS.pop())


TRACEBACKS: list[Callable[[BaseException], str]] = [
    collected_by_rich,
    by_structlog_as_json,
    by_sentry,
]
DRAWN: list[Callable[[BaseException], str]] = [drawn_by_rich, drawn_by_structlog]
PLAIN_PRETTY = devtools.PrettyFormat(width=WIDE, yield_from_generators=False)


def is_hidden(attribute: Any, value: object) -> bool:
    # A live response has the original body, and a request the URL of its caller.
    return attribute.name not in ("body", "url")


def as_dict(value: Any) -> str:
    # Classes of other packages may contain themselves.
    is_ours = attrs.has(type(value)) and type(value).__module__.startswith(("calcom_", __name__))
    return repr(attrs.asdict(value, filter=is_hidden)) if is_ours else ""


def as_variables(value: Any) -> str:
    is_instance = hasattr(value, "__dict__") and not isinstance(value, type | ModuleType)
    return repr(vars(value)) if is_instance else ""


VALUES: list[Callable[[object], str]] = [
    repr,
    partial(pprint.pformat, width=WIDE),
    partial(rich.pretty.pretty_repr, max_width=WIDE),
    PLAIN_PRETTY,
    as_dict,
    as_variables,
]


def without_own_frames(link: TracebackType | None) -> TracebackType | None:
    """Remove the frames of this file, whose locals hold the key."""
    if link is None:
        return None
    rest = without_own_frames(link.tb_next)
    if link.tb_frame.f_code.co_filename == __file__:
        return rest
    return TracebackType(rest, link.tb_frame, link.tb_lasti, link.tb_lineno)


def chain_of(error: BaseException) -> list[BaseException]:
    """Return an error and every error that it refers to."""
    found: list[BaseException] = []
    pending: list[BaseException | None] = [error]
    while pending:
        one = pending.pop()
        if one is not None and all(one is not other for other in found):
            found.append(one)
            pending += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
            pending += [value for value in vars(one).values() if isinstance(value, BaseException)]
    return found


def shown(error: BaseException, drawn: Sequence[Callable[[BaseException], str]]) -> Iterator[str]:
    """Yield every text of an error, and the locals of all frames of its chain."""
    chain = chain_of(error)
    for one in chain:
        one.__traceback__ = without_own_frames(one.__traceback__)
    for tool in (*TRACEBACKS, *drawn):
        yield tool(error)
    values: dict[int, object] = {}
    for one in chain:
        yield "".join(traceback.format_exception_only(one))
        yield f"{one} {one!r} {vars(one)}"
        yield from map(repr, pickled(one))
        for frame, _ in traceback.walk_tb(one.__traceback__):
            values |= {id(value): value for value in frame.f_locals.values()}
        values |= {id(value): value for value in vars(one).values()}
    for value in values.values():
        yield from representations(value)


def representations(value: object) -> Iterator[str]:
    for tool in VALUES:
        try:
            yield tool(value)
        except AttributeError:
            yield ""  # its constructor has just failed


def outcome(outputs: list[str]) -> tuple[str, int]:
    """Return a sentence with the number of outputs that hold the key, and the number of outputs."""
    # Frames, line breaks and colours would split a long text.
    plain = [re.sub(r"\x1b\[[0-9;]*m|[\s│]+", "", text) for text in outputs]
    both = zip(outputs, plain, strict=True)
    leaks = [pair for pair in both if any(found_in(text.encode()) for text in pair)]
    return f"credential in {len(leaks)} of {len(outputs)} outputs", len(outputs)


def pickled(error: BaseException) -> Iterator[bytes]:
    try:
        yield pickle.dumps(error)
    except (TypeError, AttributeError, pickle.PicklingError):
        return  # a class of another package


@attrs.frozen
class Masked:
    """Has a masked repr, which tools that read fields ignore."""

    text: str

    def __repr__(self) -> str:
        return "Masked"


class PlainAttribute:
    """Holds a text in a plain attribute."""

    def __init__(self, text: str) -> None:
        self.text = text


@pytest.fixture
def raised() -> BaseException:
    """Return an error of a frame of another file, with the key in a local variable."""
    names: dict[str, Any] = {}
    source = "def fail(found):\n    raise LookupError\n"
    exec(compile(source, "<elsewhere>", "exec"), names)
    with pytest.raises(LookupError) as caught:
        names["fail"](KEY)
    return caught.value


def test_each_tool_shows_a_credential_that_nothing_hides(raised: BaseException) -> None:
    tracebacks = [tool(raised) for tool in (*TRACEBACKS, *DRAWN)]
    assert outcome(tracebacks) == ("credential in 5 of 5 outputs", 5)
    masked = [tool(Masked(KEY)) for tool in (repr, rich.pretty.pretty_repr, as_dict)]
    assert outcome(masked) == ("credential in 2 of 3 outputs", 3)
    plain = [tool([KEY]) for tool in VALUES[:4]]
    assert outcome(plain) == ("credential in 4 of 4 outputs", 4)
    assert outcome([as_variables(PlainAttribute(KEY))]) == ("credential in 1 of 1 outputs", 1)


def values() -> list[object]:
    """Return every value that may hold a credential."""
    client = Client(KEY, transport=Always(Response(200)))
    managed = AsyncClient(auth=AccessToken(KEY), transport=Replay.of())
    client.api.request(NOTED)  # the API caches its header fields
    behind = Client("cal_test_other", transport=Always(Response(200)), headers={SECRET: KEY})
    forwarded = behind.api.request(NOTED)
    api = Api(Anonymous(), headers={"X-Proxy": KEY, "Cookie": f"session={KEY}"})
    names = ["Authorization", "X-Key", "Cookie"]
    headers = Headers([(name, KEY) for name in names])
    headers.get("cookie")
    request = Request("GET", f"https://ann:{IN_URL}@h/?x=1", headers)
    redaction = Redaction(key=KEY, secrets=[KEY, Secret(KEY)])
    proxies = parse_proxies(f"http://ann:{IN_URL}@127.0.0.1:1")
    return [
        *(client, client.api, client.api.auth, client.bookings, managed),
        *(managed.api, OAuthClient("client", KEY), Secret(KEY), ApiKey(KEY), headers),
        *(request.headers, Response(200, headers), Send(client.api.request(NOTED))),
        *(redaction, redaction.secrets, collect_credentials(request), proxies),
        *(behind, behind.api, behind.api.headers, forwarded, forwarded.headers),
        *(behind.with_options(headers={"X-Token": KEY}).api, api, api.request(NOTED)),
        *(
            collect_credentials(forwarded),
            Redactor(collect_credentials(forwarded)),
            behind.bookings,
        ),
        *(Redactor(collect_credentials(request)), Redactor(redaction.secrets), People(KEY)),
        Urllib3Transport(proxy=f"http://ann:{IN_URL}@127.0.0.1:1"),
        TrioTransport(proxy=f"http://ann:{IN_URL}@127.0.0.1:1"),
    ]


def test_no_tool_shows_the_key_in_a_value() -> None:
    outputs = [text for value in values() for text in representations(value)]
    assert outcome(outputs) == ("credential in 0 of 198 outputs", 198)


WRITTEN = [
    *(form.decode() for form in FORMS[:-6]),
    *(
        encode(f"{before}{KEY}{after}".encode()).decode()
        for encode in (base64.b64encode, base64.urlsafe_b64encode)
        for before in ("", "u", "u:", "Bearer ")
        for after in ("", "y", "yy")
    ),
]


def echo(status: int) -> bytes:
    """Return a response that repeats the key in every form, also in its head."""
    message = {
        "status": "error",
        "error": {"code": "X", "message": f"no oAuth client found for access token={KEY}"},
        "echo": WRITTEN,
    }
    body = json.dumps(message).encode()
    head = (
        f"HTTP/1.1 {status} X\r\nX-Echo: of {KEY}\r\nSet-Cookie: key={KEY}; Path=/\r\n"
        f"Location: https://elsewhere.example/?key={quote(KEY)}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


SERVERS: dict[str, Handler] = {
    "a response that repeats it": responding(echo(200)),
    "a refusal that repeats it": responding(echo(403)),
    "a failure that repeats it": responding(echo(502)),
    "a truncated response that repeats it": responding_once(echo(200)[:-1]),
    "a redirect": responding(echo(302)),
    "not HTTP": responding(f"{KEY}\r\n\r\n".encode()),
    "a page of HTML": responding(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"),
    "nothing": responding_once(b""),
    "no byte in time": stalling(),
    "no more bytes in time, after a part": stalling(echo(200)[:-9]),
}

NEW = {
    "event_type_id": 1,
    "start": "2027-04-05T09:00:00Z",
    "attendee": {"name": "Ann", "email": "ann@corp.example", "time_zone": "Europe/Rome"},
}
NOTED = bookings.create({**NEW, "metadata": {"note": KEY}})


SECRET = "CF-Access-Client-Secret"


def over_urllib3(url: str, path: Path | None, key: str = KEY, **options: Any) -> None:
    transport = Urllib3Transport(timeout=QUICK)
    recorder = transport if path is None else Recorder(path, transport)
    with Client(key, base_url=url, transport=recorder, retry=NO_RETRY, **options) as client:
        print(client, recorder, repr(client.api), client.api.request(bookings.get("uid")))
        client.bookings.create(NEW)


def in_extra_header(url: str, path: Path | None) -> None:
    """Send the key in a header for a proxy in front of the server."""
    over_urllib3(url, path, "cal_test_other", headers=Headers({SECRET: KEY}))


def over_async(kind: Any, url: str, path: Path | None) -> None:
    async def main() -> None:
        transport = kind(timeout=QUICK)
        recorder = transport if path is None else Recorder(path, transport)
        async with AsyncClient(
            auth=OAuthClient("client", KEY), base_url=url, transport=recorder, retry=NO_RETRY
        ) as client:
            print(client, recorder, repr(client.api), client.api.request(bookings.get("uid")))
            await client.bookings.create(NEW)

    running(kind)(main)


def running(kind: Any) -> Callable[..., Any]:
    """Return what runs an async function under the library of a transport."""
    if kind is AsyncioTransport:
        return lambda main, *args: asyncio.run(main(*args))
    return trio.run


def send_over(transport: Any, request: Request) -> Response:
    if isinstance(transport, Urllib3Transport):
        return transport.send(request)
    response: Response = running(type(transport))(transport.send, request)
    return response


over_trio = partial(over_async, TrioTransport)
over_asyncio = partial(over_async, AsyncioTransport)


@pytest.fixture
def nothing_shown(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    sample: Callable[..., Any],
) -> Iterator[Callable[..., None]]:
    """Return a function that searches an error; at the end, search files, the log and the output.

    Tracebacks are drawn only with *drawn* or `--exhaustive`: each takes half a second.
    """
    monkeypatch.delenv("CI", raising=False)
    caplog.set_level(logging.DEBUG, logger="")
    # Without source code, which the tools take long to colour.
    monkeypatch.setattr("linecache.getlines", lambda *args: ["pass\n"])

    def search(error: BaseException, *, drawn: bool = False) -> None:
        result, number = outcome([*shown(error, DRAWN if drawn else sample(DRAWN, 0))])
        print(result)
        assert result == f"credential in 0 of {number} outputs"
        assert number >= 6

    yield search
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert found_in(path.read_bytes()) == [], path
    assert found_in(caplog.text.encode()) == []
    assert found_in("".join(capsys.readouterr()).encode()) == []


@pytest.mark.exhaustive(sample=8)
@pytest.mark.parametrize("record", [False, True])
@pytest.mark.parametrize("way", [over_urllib3, over_trio, over_asyncio, in_extra_header])
@pytest.mark.parametrize("name", SERVERS)
def test_no_exchange_shows_the_key(
    name: str, way: Any, record: bool, tmp_path: Path, nothing_shown: Any
) -> None:
    path = tmp_path / "cassette.json" if record else None
    with Server(SERVERS[name]) as server, pytest.raises(Exception) as caught:
        way(server.url, path)

    nothing_shown(caught.value)


@pytest.mark.parametrize("way", [over_urllib3, over_trio, over_asyncio])
@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://nowhere.invalid", "https://127.0.0.1:1"]
)
def test_no_failed_connection_shows_the_key(
    url: str, way: Any, tmp_path: Path, nothing_shown: Any
) -> None:
    with pytest.raises(Exception) as caught:
        way(url, tmp_path / "cassette.json")

    nothing_shown(caught.value)


def test_no_interrupt_shows_the_key(nothing_shown: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("calcom_transports.body.Body.feed", interrupted)
    with Server(responding(echo(200))) as server, pytest.raises(KeyboardInterrupt) as caught:
        over_urllib3(server.url, None)
    nothing_shown(caught.value, drawn=True)


@pytest.mark.parametrize("kind", [Urllib3Transport, TrioTransport, AsyncioTransport])
@pytest.mark.parametrize(
    "field", [("X-Key", f"{KEY}\x01"), ("X-Key", f"{KEY}\u20ac"), ("Host", KEY)]
)
def test_no_refused_request_shows_the_key(
    kind: Any, field: tuple[str, str], nothing_shown: Any
) -> None:
    request = Request("GET", "https://elsewhere.test/", (field,))
    proxy = f"http://ann:{quote(KEY, safe='')}@127.0.0.1:1"
    transport = kind(proxy=proxy)
    del proxy, field  # a caller would not hold them in clear
    with pytest.raises(InvalidInput) as caught:
        send_over(transport, request)
    nothing_shown(caught.value)


def proxy_refusal(text: str) -> bytes:
    return f"HTTP/1.1 407 {text}\r\nX-Echo: {text}\r\n\r\n{text}".encode()


BASIC = base64.b64encode(f"ann:{KEY}".encode()).decode()
PROXIES: dict[str, Handler] = {
    "a refusal that repeats it": responding_once(proxy_refusal(KEY)),
    "a refusal that repeats its code": responding_once(proxy_refusal(BASIC)),
    "not HTTP": responding_once(f"{BASIC} {KEY}\r\n\r\n".encode()),
    "nothing": responding_once(b""),
    "no byte in time": stalling(),
    "no more bytes in time, after a part": stalling(proxy_refusal(BASIC)[:60]),
    "not TLS": responding_once(b"HTTP/1.1 200 OK\r\n\r\n"),
}


@pytest.mark.exhaustive(sample=6)
@pytest.mark.parametrize("url", ["https://elsewhere.test", "http://elsewhere.test"])
@pytest.mark.parametrize("kind", [Urllib3Transport, TrioTransport, AsyncioTransport])
@pytest.mark.parametrize("name", PROXIES)
def test_no_proxy_shows_the_key(name: str, kind: Any, url: str, nothing_shown: Any) -> None:
    def send_through(port: int) -> None:
        proxy = f"http://ann:{quote(KEY, safe='')}@127.0.0.1:{port}"
        transport = kind(proxy=proxy, timeout=QUICK, allow_http=True)
        del proxy  # usually an environment variable
        print(transport)
        send_over(transport, Request("GET", url))
        raise LookupError("response")  # over plain HTTP, the response of the proxy counts

    with Server(PROXIES[name]) as server, pytest.raises((TransportError, LookupError)) as caught:
        send_through(server.port)

    nothing_shown(caught.value)


@pytest.mark.parametrize("kind", [Urllib3Transport, TrioTransport, AsyncioTransport])
@pytest.mark.parametrize("form", ["http://ann:{}@h:x", "{}", "ftp://{}@h", "http://h/{}"])
def test_no_refused_proxy_shows_the_key(
    form: str, kind: Any, nothing_shown: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", form.format(quote(KEY, safe="")))
    transport = kind()  # a proxy of the environment is refused by the call that needs it
    with pytest.raises(InvalidInput) as caught:
        send_over(transport, Request("GET", "https://api.example"))
    nothing_shown(caught.value)
    with pytest.raises(InvalidInput) as caught:
        kind(proxy=os.environ["https_proxy"])
    nothing_shown(caught.value)


@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize("kind", [TrioTransport, AsyncioTransport])
def test_no_cancellation_shows_the_key(kind: Any, nothing_shown: Any) -> None:
    async def main(url: str) -> None:
        async with AsyncClient(KEY, base_url=url) as client:
            if kind is TrioTransport:
                with trio.fail_after(0.05):
                    await client.bookings.get("uid")
            async with asyncio.timeout(0.05):
                await client.bookings.get("uid")

    too_slow = (trio.TooSlowError, TimeoutError)
    with Server(stalling()) as server, pytest.raises(too_slow) as caught:
        running(kind)(main, server.url)

    nothing_shown(caught.value, drawn=True)


@pytest.mark.parametrize("status", [200, 403, 429, 502])
@pytest.mark.parametrize(
    "credentials",
    [
        {"auth": ApiKey(KEY)},
        {"auth": AccessToken(KEY)},
        {"auth": OAuthClient("client", KEY)},
        {"auth": Anonymous(), "headers": Headers({SECRET: KEY})},
    ],
)
def test_no_recording_shows_the_key(
    credentials: Any, status: int, tmp_path: Path, nothing_shown: Any
) -> None:
    path = tmp_path / "cassette.json"
    with (
        Server(responding(echo(status))) as server,
        Client(**credentials, base_url=server.url, transport=Recorder(path)) as client,
    ):
        request = client.api.request(NOTED)
        response = client.run(send(request))
    assert found_in(response.body)  # a live response is unchanged

    with Client(**credentials, base_url=server.url, transport=Replay(path)) as client:
        replayed = client.run(send(client.api.request(NOTED)))

    nothing_shown(AssertionError(replayed, load(path)))
    assert found_in(pickle.dumps(replayed)) == []
    content = path.read_text()
    assert content.count("[redacted]") > len(WRITTEN)
    assert '"metadata": {\n        "note": "[redacted]"' in content


def failing_calls() -> Iterator[tuple[str, Callable[[Path], object]]]:
    """Yield calls that raise, with their names."""
    keys = {"a line break": f"{KEY}\n", "a scheme": f"Bearer {KEY}", "an accent": f"{KEY}é"}
    for name, key in keys.items():
        for maker in (Client, ApiKey, AccessToken, Secret, partial(OAuthClient, "client")):
            yield f"{maker} with {name}", lambda path, maker=maker, key=key: maker(key)
        yield f"a redaction with {name}", lambda path, key=key: Redaction(secrets=[KEY, key])
    options: list[dict[str, Any]] = [
        {"timeout": -1},
        {"base_url": "x"},
        {"auth": Anonymous()},
        {"retry": 5},
        {"concurrency": 0},
        {"versions": 5},
        {"transport": 5},
    ]
    for option in options:
        yield f"a client with {option}", lambda path, option=option: Client(KEY, **option)

    expected = NOTED
    other = bookings.create(NEW)

    def playing(*operations: Any) -> Callable[[Path], object]:
        def play(path: Path) -> object:
            replay = Replay.of((expected, responses.json({"status": "success", "data": KEY})))
            with Client(KEY, transport=replay) as client:
                return [client.run(send(client.api.request(item))) for item in operations]

        return play

    yield "no match", playing(other)
    yield "no match of another method", playing(bookings.get("uid"))
    yield "consumed", playing(expected, expected)
    yield "unplayed", playing()
    yield "missing", lambda path: Client(KEY, transport=use_cassette(path))
    yield "in use", lambda path: [Recorder(path), Recorder(path)]
    yield "a directory", lambda path: Recorder(path.parent)

    def left(path: Path) -> object:
        twice = base64.b64encode(base64.b64encode(KEY.encode()))
        with Recorder(path, Always(Response(200, {"X-A": KEY}, twice))) as recorder:
            return Client(KEY, transport=recorder).run(
                send(Client(KEY, transport=recorder).api.request(expected))
            )

    yield "left", left

    def hooked(path: Path) -> object:
        hook: Any = lambda exchange: [exchange]  # noqa: E731
        recorder = Recorder(path, Always(Response(200)), before_record=hook)
        with Client(KEY, transport=recorder) as client:
            return client.run(send(client.api.request(expected)))

    yield "an invalid result of before_record", hooked

    def scripted(path: Path) -> object:
        api = Client(KEY, transport=Always(Response(200))).api
        return run_script(retrying(api, expected), [(Send(api.request(other)), Response(200))])

    yield "a script", scripted


class Always:
    """A transport that always returns the same response."""

    def __init__(self, response: Response) -> None:
        self.response = response

    def send(self, request: Any, timeout: Any) -> Response:
        return self.response


FAILING_CALLS = dict(failing_calls())
IN_URL = quote(KEY, safe="")
URLS = [
    f"https://ann:{IN_URL}@h",
    f"https://{IN_URL}@h",
    f"https://h:{IN_URL}",
    f"https://{IN_URL}",
    f"https://h/{IN_URL}",
    f"https://h?key={IN_URL}",
    f"https://h#{IN_URL}",
    f"{KEY} ",
    KEY,
]
INVALID_HEADERS: list[tuple[Any, str]] = [
    ({SECRET: f"{KEY}\n"}, f"headers['{SECRET}']"),
    ({SECRET: f"{KEY}€"}, f"headers['{SECRET}']"),
    ({"Authorization": KEY}, "headers['Authorization']"),
    ([(SECRET, KEY), (SECRET.lower(), KEY)], f"headers['{SECRET.lower()}']"),
    ({KEY: "X-A"}, "headers"),
    ({SECRET: [KEY]}, "headers"),
    ([(SECRET, KEY), (KEY,)], "headers"),
    (KEY, "headers"),
    (f"{SECRET}: {KEY}", "headers"),
]


def with_options(**options: Any) -> object:
    return Client("cal_test_other", transport=Replay.of()).with_options(**options)


MISPLACED: list[tuple[Callable[[], object], str]] = [
    (partial(Client, auth=KEY), "auth"),
    (partial(AsyncClient, auth=KEY), "auth"),
    (partial(Client, auth=KEY, transport=5), "auth"),
    (partial(Client, auth=KEY, versions=KEY), "auth"),
    (partial(Client, auth=KEY, base_url="x"), "base_url"),
    *((partial(Client, KEY, base_url=url), "base_url") for url in URLS),
    *((partial(AsyncClient, KEY, base_url=url), "base_url") for url in URLS),
    *((partial(Api, ApiKey(KEY), url), "base_url") for url in URLS),
    (partial(Client, KEY, versions=KEY), "versions"),
    (partial(Client, [KEY]), "api_key"),
    (partial(Api, KEY), "auth"),
    (partial(Api, ApiKey(KEY), user_agent=None), "user_agent"),
    (partial(Api, ApiKey(KEY), user_agent=f"{KEY}\n"), "user_agent"),
    (partial(OAuthClient, f"{KEY} ", "cal_test_other"), "client_id"),
    (partial(OAuthClient, [KEY], "cal_test_other"), "client_id"),
    (partial(OAuthClient, "client", [KEY]), "client_secret"),
    (partial(AccessToken, [KEY]), "token"),
    (partial(AccessToken, KEY.encode()), "token"),
    (partial(Redaction, key=KEY, secrets=["short"]), "secrets"),
    (partial(Redaction, key=[KEY]), "key"),
    (partial(webhooks.sign, b"{}", KEY.encode()), "secret"),
    (partial(webhooks.sign, KEY, KEY), "body"),
    (partial(webhooks.verify, b"{}", "x", {KEY: KEY}), "secrets"),
    (partial(webhooks.verify, b"{}", "x", [KEY, KEY.encode()]), "secrets[1]"),
    (partial(webhooks.verify, b"{}", 5, KEY), "signature"),
    (partial(webhooks.verify, KEY, b"{}", "x"), "body"),
    (partial(webhooks.verify, b"{}", [KEY], "x"), "signature"),
    (partial(webhooks.receive, {"Cookie": KEY}, b"{}", KEY.encode()), "secrets"),
    (partial(webhooks.receive, 5, b"{}", KEY), "headers"),
    (lambda: Client(KEY, transport=Replay.of()).with_options(timeout=-1), "timeout.total"),
    *((partial(with_options, auth=auth), "auth") for auth in (KEY, [KEY], Secret(KEY))),
    (partial(with_options, auth=KEY, timeout=-1), "auth"),
    *((partial(with_options, headers=headers), field) for headers, field in INVALID_HEADERS),
    *((partial(Client, KEY, headers=headers), field) for headers, field in INVALID_HEADERS),
    *((partial(AsyncClient, KEY, headers=headers), field) for headers, field in INVALID_HEADERS),
    *((partial(Api, Anonymous(), headers=given), field) for given, field in INVALID_HEADERS),
    (partial(with_options, headers={SECRET: KEY}, timeout=-1), "timeout.total"),
    (partial(with_options, headers={SECRET: KEY}, auth=KEY), "auth"),
    (partial(Client, auth=Anonymous(), headers={SECRET: KEY}, timeout=-1), "timeout.total"),
    (partial(Client, headers={SECRET: KEY}, auth=KEY), "auth"),
    (partial(Api, Anonymous(), "x", headers={SECRET: KEY}), "base_url"),
    (partial(Urllib3Transport, proxy=[KEY]), "proxy"),
    (partial(TrioTransport, proxy=f"http://ann:{IN_URL}@h?x"), "proxy"),
]


@pytest.mark.exhaustive(sample=10)
@pytest.mark.parametrize(("call", "field"), MISPLACED)
def test_no_error_for_a_misplaced_key_shows_it(call: Any, field: str, nothing_shown: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        call()

    assert caught.value.field == field
    nothing_shown(caught.value)


WRONG_CALLS: list[Callable[[], object]] = [
    *(partial(kind, KEY, KEY) for kind in (ApiKey, AccessToken, Secret, Redaction)),
    partial(OAuthClient, client_secret=KEY),
    partial(webhooks.sign, b"{}", key=KEY),
    partial(webhooks.verify, b"{}", secrets=KEY),
    partial(webhooks.receive, {}, b"{}", KEY, KEY),
    partial(Urllib3Transport, f"http://ann:{IN_URL}@h"),
]


@pytest.mark.parametrize("call", WRONG_CALLS)
def test_no_error_for_a_call_with_other_parameters_shows_the_key(
    call: Any, nothing_shown: Any
) -> None:
    with pytest.raises(TypeError) as caught:
        call()

    nothing_shown(caught.value)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CALCOM_API_KEY", f"{KEY}\n"),
        ("CALCOM_API_KEY", f"Bearer {KEY}"),
        *(("CALCOM_BASE_URL", url) for url in URLS),
    ],
)
def test_no_error_for_an_environment_variable_shows_the_key(
    name: str, value: str, kind: Any, nothing_shown: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALCOM_API_KEY", KEY)
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidInput) as caught:
        kind()

    assert caught.value.field == name
    nothing_shown(caught.value)


@pytest.mark.parametrize("kind", [Urllib3Transport, TrioTransport, AsyncioTransport])
@pytest.mark.parametrize("url", [f"https://ann:{IN_URL}@h/", f"https://h:{IN_URL}/"])
def test_no_error_for_a_url_shows_the_key(kind: Any, url: str, nothing_shown: Any) -> None:
    request = Request("GET", f"{url}", {"Authorization": f"Bearer {KEY}"})
    transport = kind()
    with pytest.raises(InvalidInput) as caught:
        send_over(transport, request)

    nothing_shown(caught.value)


@pytest.mark.exhaustive(sample=8)
@pytest.mark.parametrize("name", FAILING_CALLS)
def test_no_other_error_shows_the_key(name: str, tmp_path: Path, nothing_shown: Any) -> None:
    with pytest.raises(Exception) as caught:
        FAILING_CALLS[name](tmp_path / "cassette.json")

    nothing_shown(caught.value)


def test_no_error_for_a_recording_in_ci_shows_the_key(
    tmp_path: Path, nothing_shown: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(Exception) as caught:
        Client(KEY, transport=Recorder(tmp_path / "cassette.json"))

    nothing_shown(caught.value)


FAILING_TESTS = """
import asyncio
import os

import pytest
import trio

from calcom_core import NO_RETRY, bookings, responses
from calcom_transports import AsyncClient, Client, Recorder, Replay

URL = os.environ["URL"]
NEW = {
    "event_type_id": 1,
    "start": "2027-04-05T09:00:00Z",
    "attendee": {"name": "Ann", "email": "ann@corp.example", "time_zone": "Europe/Rome"},
}


def test_blocking(tmp_path):
    recorder = Recorder(tmp_path / "c.json")
    with Client(os.environ["KEY"], base_url=URL, transport=recorder, retry=NO_RETRY) as client:
        client.bookings.create(NEW)


def test_live():
    with Client(os.environ["KEY"], base_url=URL, retry=NO_RETRY) as client:
        client.bookings.get("uid")


def test_trio(tmp_path):
    async def main():
        async with AsyncClient(os.environ["KEY"], base_url=URL, retry=NO_RETRY) as client:
            await client.bookings.create(NEW)
    trio.run(main)


def test_asyncio(tmp_path):
    async def main():
        async with AsyncClient(os.environ["KEY"], base_url=URL, retry=NO_RETRY) as client:
            await client.bookings.create(NEW)
    asyncio.run(main())


def test_recorded_under_trio(tmp_path):
    async def main():
        recorder = Recorder(tmp_path / "c.json")
        client = AsyncClient(
            os.environ["KEY"], base_url=URL, transport=recorder, retry=NO_RETRY
        )
        async with client:
            await client.bookings.create(NEW)
    trio.run(main)


def test_replay():
    replay = Replay.of((bookings.get("uid"), responses.json({})))
    with Client(os.environ["KEY"], transport=replay) as client:
        client.bookings.create(NEW)


def test_key():
    Client(os.environ["KEY"] + "\\n")


def test_assertion():
    client = Client(os.environ["KEY"], base_url=URL)
    request = client.api.request(bookings.get("uid"))
    assert request.url == client.api
"""


@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize("url", ["refused", "closing"])
def test_pytest_with_all_locals_never_shows_the_key(url: str, tmp_path: Path) -> None:
    (tmp_path / "test_failing.py").write_text(FAILING_TESTS)
    with Server(responding_once(b"")) as server:
        environment = {
            **os.environ,
            "KEY": KEY,
            "URL": server.url if url == "closing" else "http://127.0.0.1:1",
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        }
        environment.pop("CI", None)
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "--showlocals", "--tb=long"),
                *("-vv", "-o", "log_level=DEBUG", "-p", "no:cacheprovider"),
                *("--junitxml", "report.xml", "--basetemp", "temporary", "test_failing.py"),
            ],
            cwd=tmp_path,
            capture_output=True,
            env=environment,
        )

    assert b"8 failed" in done.stdout
    assert b"client     = Client(" in done.stdout  # locals are shown
    assert found_in(done.stdout + done.stderr) == []
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name != "test_failing.py":
            assert found_in(path.read_bytes()) == [], path
