"""Cassettes of VCR.py: those that it writes are replayed, and malicious ones are refused."""

import base64
import gzip
import json
import re
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import trio
import urllib3
import vcr
import yaml
from core_recorded import RECORDED
from hypothesis import example, given
from hypothesis import strategies as st
from replay_helpers import raises_cassette_error
from server import Peer, Server

from calcom_core import Api, ApiKey, InvalidInput, bookings
from calcom_core.http import Headers, Request, Response
from calcom_transports import AsyncClient, Client, Replay
from calcom_transports.cassette import Cassette, RecordedExchange, Run, dumps, loads
from calcom_transports.replay_errors import CassetteError
from calcom_transports.vcr_import import ImportedCassette, load_vcr, loads_vcr

KEY = "cal_test_0123456789"
URL = "https://api.cal.com/v2/bookings/uid"
MIB = 1024 * 1024

CREDENTIALS = (
    "Credentials are replaced by [redacted]; the file still holds them: revoke them, "
    "and record with filter_headers."
)
PROGRAMS = (
    "The file does not tell which exchanges belong to one call or branch; each request gets "
    "the first unplayed exchange that is equal to it."
)
CODING = "Bodies are stored decoded, without their Content-Encoding and Content-Length."
FRAMING = "Transfer-Encoding is left out."
MESSAGES = "Status messages, such as OK, are left out."

GET: dict[str, Any] = {"method": "GET", "uri": URL, "headers": {}, "body": None}
OK: dict[str, Any] = {"status": {"code": 200}, "headers": {}, "body": {"string": "{}"}}

NEW = {
    "start": "2027-04-05T09:00:00Z",
    "event_type_id": 1,
    "attendee": {"name": "Ann", "email": "ann@example.net", "time_zone": "Europe/Rome"},
}
ONE = json.dumps(RECORDED["29-get-normal"]["response"]["body"]).encode()
CREATED = json.dumps(RECORDED["22-create-by-slug-username"]["response"]["body"]).encode()


def interaction(request: Any = GET, response: Any = OK) -> dict[str, Any]:
    return {"request": request, "response": response}


def vcr_cassette(*interactions: Any, **top: Any) -> bytes:
    return yaml.dump({"interactions": list(interactions), "version": 1, **top}).encode()


def imported_exchange(exchange: tuple[Request, Response], *losses: str) -> ImportedCassette:
    run = Run((RecordedExchange((), *exchange),))
    return ImportedCassette(Cassette((run,), "the cassette", any_order=True), losses)


def response_of(response: dict[str, Any]) -> Response:
    outcome = loads_vcr(vcr_cassette(interaction(response=response))).cassette.runs[0].exchanges[0]
    assert isinstance(outcome.outcome, Response)
    return outcome.outcome


def request_of(**changes: Any) -> Request:
    imported = loads_vcr(vcr_cassette(interaction({**GET, **changes})))
    return imported.cassette.runs[0].exchanges[0].request


def refusal(content: bytes) -> str:
    with raises_cassette_error("unreadable") as caught:
        loads_vcr(content)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return str(caught.value).removeprefix("the cassette cannot be imported: ")


def serve(peer: Peer) -> None:
    """Respond to reads with a compressed body in chunks, and to creates with a cookie."""
    while request := peer.request():
        if request.startswith(b"POST"):
            head, body = (
                b"Content-Type: application/json\r\nSet-Cookie: a=secretsecret\r\n",
                CREATED,
            )
            framed = b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        else:
            head, body = b"Content-Type: application/json\r\nContent-Encoding: gzip\r\n", ONE
            if b"gzip" not in request:
                head = b"Content-Type: application/json\r\n"
            else:
                body = gzip.compress(body, mtime=0)
            framed = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        peer.send(b"HTTP/1.1 200 OK\r\n" + head + framed)


@pytest.mark.parametrize(
    ("serializer", "options", "losses"),
    [
        ("yaml", {}, (CREDENTIALS, PROGRAMS, CODING, FRAMING, MESSAGES)),
        (
            "json",
            {"decode_compressed_response": True},
            (CREDENTIALS, PROGRAMS, FRAMING, MESSAGES),
        ),
        (
            "yaml",
            {
                "decode_compressed_response": True,
                "filter_headers": ["authorization"],
                "before_record_response": lambda response: {
                    **response,
                    "headers": {"Content-Type": ["application/json"]},
                },
            },
            (PROGRAMS, MESSAGES),
        ),
    ],
)
def test_both_clients_replay_a_recording_of_vcr(
    serializer: str, options: dict[str, Any], losses: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "recorded.any"
    operations = [bookings.get_one("uid"), bookings.create(NEW), bookings.get_one("uid")]
    live = []
    with (
        Server(serve) as server,
        vcr.VCR().use_cassette(str(path), serializer=serializer, **options),
        urllib3.PoolManager() as pool,
    ):
        url = server.url
        for operation in operations:
            request = Api(ApiKey(KEY), url).request(operation)
            headers = {**dict(request.headers), "Accept-Encoding": "gzip"}
            response = pool.request(request.method, request.url, body=request.body, headers=headers)
            read = Response(response.status, response.headers.items(), response.data)
            live.append(operation.read(read))
        assert len(server.requests) == 3

    imported = load_vcr(path)

    assert imported.losses == losses
    with Client(base_url=url, transport=Replay(imported.cassette)) as client:
        assert [client.call(operation) for operation in operations] == live

    async def under_trio() -> list[Any]:
        transport = Replay(load_vcr(path).cassette)
        async with AsyncClient(KEY, base_url=url, transport=transport) as client:
            # In another order than in the recording.
            second = await client.bookings.create(NEW)
            first = await client.bookings.get_one("uid")
            return [first, second, await client.bookings.get_one("uid")]

    assert trio.run(under_trio) == live
    assert imported.cassette.name == str(path)
    assert imported.cassette.any_order
    assert loads(saved := dumps(imported.cassette), name=str(path)).runs
    assert KEY.encode() not in saved
    for exchange in imported.cassette.runs:
        assert KEY not in str([*exchange.exchanges[0].request.headers])


def test_an_import_is_a_cassette_of_any_order_with_a_run_for_each_exchange() -> None:
    post = {"method": "POST", "uri": URL, "headers": {"A": ["1", "2"]}, "body": '{"é":1}'}
    created = {
        "status": {"code": 201, "message": None},
        "headers": {"B": ["1", "2"], "C": "3"},
        "body": {"string": b"\xff"},
    }

    assert loads_vcr(
        vcr_cassette(interaction(post, created), interaction()), name="x"
    ) == ImportedCassette(
        Cassette(
            (
                Run(
                    (
                        RecordedExchange(
                            (),
                            Request("POST", URL, [("A", "1"), ("A", "2")], '{"é":1}'.encode()),
                            Response(201, [("B", "1"), ("B", "2"), ("C", "3")], b"\xff"),
                        ),
                    )
                ),
                Run((RecordedExchange((), Request("GET", URL), Response(200, (), b"{}")),)),
            ),
            "x",
            any_order=True,
        ),
        (PROGRAMS,),
    )


def test_a_minimal_cassette_loses_nothing() -> None:
    expected = imported_exchange((Request("GET", URL), Response(200, (), b"{}")))

    assert loads_vcr(vcr_cassette(interaction())) == expected
    tree = {"interactions": [interaction()], "version": 1}
    assert loads_vcr(b"\n" + json.dumps(tree, indent=4).encode()) == expected


def test_each_unknown_key_is_named_once() -> None:
    unknown = {
        **interaction(
            {**GET, "body": {"encoding": "utf-8", "string": "a"}, "protocol": "https"},
            {**OK, "status": {"code": 200, "phrase": "OK"}, "http_version": "HTTP/1.1"},
        ),
        "recorded_at": "2020-01-01",
        "a secret": 1,
        7: 1,
    }

    assert loads_vcr(vcr_cassette(unknown, unknown, metadata={"a": 1})).losses == (
        PROGRAMS,
        "Unknown keys are left out: interaction.recorded_at, interaction.…, metadata, "
        "request.body.encoding, request.protocol, response.http_version, response.status.phrase.",
    )


def test_credentials_are_redacted_everywhere() -> None:
    secret = "s3cr3t-0123456789"
    request = {
        **GET,
        "uri": f"{URL}?key={secret}",
        "headers": {"authorization": [f"Bearer {secret}"], "Cookie": ["short=1"]},
    }
    response = {
        **OK,
        "headers": {"Set-Cookie": ["a=b"], "X": [secret]},
        "body": {"string": f'{{"note":"{secret}"}}'},
    }

    assert loads_vcr(vcr_cassette(interaction(request, response))) == imported_exchange(
        (
            Request(
                "GET",
                f"{URL}?key=[redacted]",
                {"Cookie": "[redacted]", "authorization": "[redacted]"},
            ),
            Response(
                200, {"Set-Cookie": "[redacted]", "X": "[redacted]"}, b'{"note":"[redacted]"}'
            ),
        ),
        CREDENTIALS,
    )


def raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


@pytest.mark.parametrize(
    ("coding", "code"),
    [
        ("gzip", gzip.compress),
        (
            " X-GZIP ",
            lambda data: gzip.compress(data[:1], mtime=0) + gzip.compress(data[1:], mtime=0),
        ),
        ("deflate", zlib.compress),
        ("deflate", raw_deflate),
        ("identity", bytes),
        ("br", lambda data: data.decode()),
        ("deflate, gzip", lambda data: gzip.compress(zlib.compress(data), mtime=0)),
        ("identity, deflate", zlib.compress),
    ],
)
def test_bodies_are_stored_decoded(coding: str, code: Callable[[bytes], Any]) -> None:
    headers = {"content-encoding": [coding], "Content-Length": ["9"], "A": ["b"]}
    response = {"status": {"code": 200}, "headers": headers, "body": {"string": code(b'{"a":1}')}}

    imported = loads_vcr(vcr_cassette(interaction(response=response)))

    assert imported == imported_exchange(
        (Request("GET", URL), Response(200, {"A": "b"}, b'{"a":1}')), CODING
    )


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, x"])
@pytest.mark.parametrize("body", [None, {"string": ""}, {"string": None}, {}, "", {"string": b""}])
def test_a_response_without_a_body_may_name_any_coding(body: Any, coding: str) -> None:
    response = {"status": {"code": 304}, "headers": {"Content-Encoding": coding}, "body": body}

    assert response_of(response) == Response(304)


def test_a_body_that_decodes_to_nothing_stays_empty() -> None:
    body = {"string": gzip.compress(b"", mtime=0)}
    response = {**OK, "headers": {"Content-Encoding": ["deflate, gzip"]}, "body": body}

    assert response_of(response) == Response(200)


def test_old_recordings_of_httpx_are_read() -> None:
    flat = {
        "content": '{"a": 1}',
        "headers": {"Content-Encoding": ["gzip"], "Content-Type": ["application/json"]},
        "http_version": "HTTP/1.1",
        "status_code": 200,
    }

    assert loads_vcr(vcr_cassette(interaction({**GET, "body": ""}, flat))) == imported_exchange(
        (Request("GET", URL), Response(200, {"Content-Type": "application/json"}, b'{"a": 1}')),
        CODING,
        "Unknown keys are left out: response.http_version.",
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (None, b""),
        ("é", "é".encode()),
        (b"\xff", b"\xff"),
        ({"string": "a"}, b"a"),
        ({"base64_string": base64.b64encode(b"\xff").decode()}, b"\xff"),
        ([b"a", "b"], b"ab"),
        ([], b""),
    ],
)
def test_each_form_of_a_body_is_read_as_bytes(body: Any, expected: bytes) -> None:
    assert request_of(body=body).body == expected


@pytest.mark.parametrize(
    ("uri", "url"),
    [
        (f"{URL}?a=%20b#c", f"{URL}?a=%20b#c"),
        (f"{URL}/a b?c=é\n", f"{URL}/a%20b?c=%C3%A9%0A"),
    ],
)
def test_only_invalid_characters_of_a_url_are_percent_encoded(uri: str, url: str) -> None:
    assert request_of(uri=uri).url == url


def test_headers_may_be_bytes() -> None:
    assert request_of(headers={b"A": [b"\xff"]}).headers == Headers([("A", "ÿ")])


OLD = """\
interactions:
- request:
    body: {}
    headers: !!python/object/apply:collections.OrderedDict []
    method: GET
    uri: https://api.cal.com/v2/bookings/uid
  response: {{body: {{string: ''}}, headers: {{}}, status: {{code: 200, message: ''}}}}
version: 1
""".replace(" !!python/object/apply:collections.OrderedDict []", "")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("!!python/unicode 'é'", "é".encode()),
        ("!!python/str 'a'", b"a"),
        ("!!python/tuple [a, !!binary /w==]", b"a\xff"),
        (
            "!!python/object/new:_io.BytesIO {state: !!python/tuple [!!binary /w==, 0, null]}",
            b"\xff",
        ),
        ("!!python/object/apply:builtins.iter {args: [[a, b]], state: 0}", b"ab"),
    ],
)
def test_tags_of_old_versions_become_plain_data(body: str, expected: bytes) -> None:
    content = OLD.format(body).encode()

    assert loads_vcr(content) == imported_exchange(
        (Request("GET", URL, (), expected), Response(200))
    )


def test_a_date_or_a_number_in_yaml_is_read_as_text() -> None:
    content = OLD.format("null").replace(
        "headers:\n", "headers: {A: [2020-01-01, yes, 1.5, 0x1f]}\n"
    )

    imported = loads_vcr(content.encode())

    assert imported.cassette.runs[0].exchanges[0].request.headers == Headers(
        [("A", "2020-01-01"), ("A", "yes"), ("A", "1.5"), ("A", "0x1f")]
    )


def test_aliases_are_followed() -> None:
    shared = ["application/json"]
    content = vcr_cassette(interaction({**GET, "headers": {"A": shared, "B": shared}}))
    assert b"*id" in content

    [run] = loads_vcr(content).cassette.runs

    assert [*run.exchanges[0].request.headers] == [
        ("A", "application/json"),
        ("B", "application/json"),
    ]


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/apply:os.system ['touch {}']",
        "!!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ['{}']]",
        "!!python/object/new:os.system ['touch {}']",
        '!!python/object/apply:builtins.eval [\'open("{}", "w")\']',
        "!!python/name:os.system ''",
        "!!python/module:antigravity ''",
        "!!python/object:subprocess.Popen {{args: 'touch {}'}}",
        "!!python/object/apply:builtins.iter [!!python/object/apply:os.system ['touch {}']]",
        "!!python/bytes 'YQ=='",
        "!!set {{a, b}}",
        "!other a",
        "{{<<: {{a: b}}}}",
        "{{[a]: b}}",
        "!!binary é",
        "!!binary a",
    ],
)
def test_yaml_that_is_not_plain_data_is_refused_and_not_executed(tag: str, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    content = OLD.format(tag.format(touched)).encode()

    assert refusal(content) == (
        "it holds a tag or a key that is not plain data (line 3); remove it"
    )
    assert not touched.exists()
    assert "antigravity" not in sys.modules


def nested_aliases(levels: int = 30) -> bytes:
    lines = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    for level in range(1, levels):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]")
    return "\n".join([*lines, f"interactions: *a{levels - 1}", "version: 1"]).encode()


def test_a_file_whose_aliases_expand_beyond_memory_is_refused() -> None:
    assert refusal(nested_aliases()) == "interactions[0]: interaction is not a mapping; restore it"
    merging = nested_aliases().replace(b"interactions:", b"<<:").replace(b"[", b"{<<: [")
    assert refusal(merging.replace(b"]", b"]}")) == (
        "it holds a tag or a key that is not plain data (line 31); remove it"
    )


def repeated(item: str, times: int, name: str) -> str:
    """Return a YAML array of an item and *times* - 1 aliases of it."""
    return f"[&{name} {item}{f', *{name}' * (times - 1)}]"


PACKED = base64.b64encode(gzip.compress(bytes(16 * MIB), mtime=0)).decode()
VALUES = repeated("a", 1_000, "value")
EXPANDING = [
    (
        "request",
        f"headers: {{a: &all {VALUES}, {', '.join(f'n{number}: *all' for number in range(500))}}}",
    ),
    ("request", f"body: {repeated('a' * 10_000, 1_000, 'chunk')}"),
    ("request", ", ".join(f"{number}: a" for number in range(2_000))),
    (
        "response",
        "status: {code: 200}, headers: {Content-Encoding: gzip}, "
        f"body: {{string: !!binary {PACKED}}}",
    ),
]


@pytest.mark.exhaustive(sample=1)
@pytest.mark.parametrize(("part", "shared"), EXPANDING)
def test_the_expanded_size_of_a_file_is_limited(part: str, shared: str) -> None:
    parts = {"request": f"method: GET, uri: '{URL}'", "response": "status: {code: 200}"}
    parts[part] = shared if part == "response" else f"{parts[part]}, {shared}"
    item = f"{{request: {{{parts['request']}}}, response: {{{parts['response']}}}}}"
    content = f"interactions: {repeated(item, 2_000, 'item')}\nversion: 1".encode()
    assert len(content) < 60_000

    problem = refusal(content)

    assert problem.partition(f".{part}: ")[2] == (
        f"the file expands to more than {128 * MIB} bytes up to here; split it"
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"[" * 10_000, "it is JSON that is nested too deeply; restore it"),
        pytest.param(
            b"a: " + b"[" * 10_000,
            "it is YAML that is nested too deeply; restore it",
            marks=pytest.mark.exhaustive,  # it takes a second
        ),
        (b"- " * 10_000, "it is YAML that is nested too deeply; restore it"),
        (b"a: &a [*a]", "it is not of version 1 of the format; record it again"),
        (
            b"interactions: &a [*a]\nversion: 1",
            "interactions[0]: interaction is not a mapping; restore it",
        ),
        (b"version: " + b"1:" * 100_000, "it is not of version 1 of the format; record it again"),
    ],
)
def test_deep_nesting_and_recursion_are_refused(content: bytes, problem: str) -> None:
    assert refusal(content).replace("it is not YAML (line 1); restore it", problem) == problem


HALF = "\ud800"

DAMAGE: list[tuple[Any, str]] = [
    (b"", "the file is missing; restore it"),
    (b"just text", "the file is not a mapping; restore it"),
    (b"a: b: c", "it is not YAML (line 1); restore it"),
    (b"\x00", "it is not YAML; restore it"),
    (b'"\\UFFFFFFFF"', "it is not YAML; restore it"),
    (b"{", "it is text that is not JSON; restore it"),
    (b'{"a": "\xff"}', "it is bytes that are not UTF-8; restore it"),
    (b"[]", "it is of VCR.py before 1.0; migrate it: python -m vcr.migration"),
    (b"- request: {}", "it is of VCR.py before 1.0; migrate it: python -m vcr.migration"),
    ({"version": 2}, "it is not of version 1 of the format; record it again"),
    ({"version": None}, "it is not of version 1 of the format; record it again"),
    ({"interactions": None}, "interactions is not a list; restore it"),
    ({"interactions": {}}, "interactions is not a list; restore it"),
    (
        {"interactions": [interaction(), 3]},
        "interactions[1]: interaction is not a mapping; restore it",
    ),
    (interaction(request=None), "request: request is missing; restore it"),
    (interaction(response=["a"]), "response: response is not a mapping; restore it"),
    (interaction({**GET, "method": None}), "request: method is missing; restore it"),
    (interaction({**GET, "method": "G T"}), "request: method: is not a token of RFC 9110; fix it"),
    (interaction({**GET, "uri": 3}), "request: uri is not text; restore it"),
    (interaction({**GET, "uri": "http://["}), "request: uri is not a URL; fix it"),
    (
        interaction({**GET, "uri": "http://user:secret@host/"}),
        "request: uri holds a user or a password; remove them, and revoke them",
    ),
    (
        interaction({**GET, "uri": "http://hôst/"}),
        "request: url: must be ASCII text without spaces and control characters; fix it",
    ),
    (interaction({**GET, "headers": ["secret"]}), "request: headers is not a mapping; restore it"),
    (interaction({**GET, "headers": {"A": [1]}}), "request: headers is not text; restore it"),
    (interaction({**GET, "headers": {"A": None}}), "request: headers is missing; restore it"),
    (
        interaction({**GET, "headers": {"A": ["secret\r\n"]}}),
        "request: headers['A']: contains CR, LF or NUL; fix it",
    ),
    (
        interaction({**GET, "headers": {"A": [HALF]}}),
        "request: headers holds a lone surrogate; restore it",
    ),
    (interaction({**GET, "body": 3}), "request: body is not text; restore it"),
    (interaction({**GET, "body": [3]}), "request: body is not text; restore it"),
    (
        interaction({**GET, "body": {"base64_string": "secret"}}),
        "request: its body is not base64; restore it",
    ),
    (
        interaction({**GET, "body": {"base64_string": None}}),
        "request: base64_string is missing; restore it",
    ),
    (
        interaction(response={**OK, "status": 200}),
        "response: response.status is not a mapping; restore it",
    ),
    (
        interaction(response={**OK, "status": {"code": "secret"}}),
        "response: its status code is not an integer; restore it",
    ),
    (
        interaction(response={**OK, "status": {}}),
        "response: its status code is not an integer; restore it",
    ),
]


def damaged_cassette(damage: Any) -> tuple[bytes, str]:
    if isinstance(damage, bytes):
        return damage, ""
    if "request" not in damage:
        return json.dumps({"interactions": [], "version": 1, **damage}).encode(), ""
    return json.dumps({"interactions": [damage], "version": 1}).encode(), "interactions[0]."


@pytest.mark.parametrize(("damage", "problem"), DAMAGE)
def test_damage_is_named_with_its_place_and_without_a_value(damage: Any, problem: str) -> None:
    content, place = damaged_cassette(damage)

    assert refusal(content) == place + problem


@pytest.mark.parametrize("serializer", [json.dumps, yaml.dump])
def test_true_is_not_a_status_code(serializer: Callable[[Any], str]) -> None:
    tree = {
        "interactions": [interaction(response={**OK, "status": {"code": True}})],
        "version": 1,
    }

    assert refusal(serializer(tree).encode()) == (
        "interactions[0].response: its status code is not an integer; restore it"
    )


LARGE = f"has more than {16 * MIB} bytes"
UNKNOWN = (
    "has a coding other than gzip, deflate and br; record it with decode_compressed_response=True"
)
WRONG = "is not valid {}, which its Content-Encoding names; record it again"
BODIES = [
    ("zstd", b"secret", UNKNOWN),
    ("gzip, compress", b"secret", UNKNOWN),
    ("secret", b"secret", UNKNOWN),
    ("gzip", b"secret", WRONG.format("gzip")),
    ("gzip", gzip.compress(b"secret", mtime=0)[:-9], WRONG.format("gzip")),
    ("gzip", gzip.compress(b"a", mtime=0) + b"b", WRONG.format("gzip")),
    ("deflate", b"\xffsecret", WRONG.format("deflate")),
    ("deflate", zlib.compress(b"a")[:-1], WRONG.format("deflate")),
    ("deflate, gzip", gzip.compress(b"\xffsecret", mtime=0), WRONG.format("deflate")),
    ("gzip", gzip.compress(bytes(16 * MIB + 1), mtime=0), LARGE),
    ("deflate", zlib.compress(bytes(16 * MIB + 1)), LARGE),
]


@pytest.mark.parametrize(("coding", "body", "problem"), BODIES)
def test_an_exchange_with_an_undecodable_body_is_left_out_and_reported(
    coding: str, body: bytes, problem: str
) -> None:
    response = {**OK, "headers": {"Content-Encoding": [coding]}, "body": {"string": body}}

    imported = loads_vcr(vcr_cassette(interaction(), interaction(response=response)))

    assert imported == imported_exchange(
        (Request("GET", URL), Response(200, (), b"{}")),
        f"interactions[1] is left out: its body {problem}.",
    )


def test_credentials_of_a_left_out_exchange_are_redacted_in_the_others() -> None:
    secret = "s3cr3t-0123456789"
    unread = interaction(
        {**GET, "headers": {"Authorization": f"Bearer {secret}"}},
        {**OK, "headers": {"Content-Encoding": "zstd"}, "body": {"string": b"?"}},
    )
    echo = {**OK, "body": {"string": f'{{"note":"{secret}"}}'}}

    assert loads_vcr(vcr_cassette(unread, interaction(response=echo))) == imported_exchange(
        (Request("GET", URL), Response(200, (), b'{"note":"[redacted]"}')),
        CREDENTIALS,
        f"interactions[0] is left out: its body {UNKNOWN}.",
    )


class BrotliError(Exception):
    pass


class Decompressor:
    """A fake of brotli's decompressor: it reverses the bytes between a first 0 and a final 1.

    Two zeros expand without limit.
    """

    def __init__(self) -> None:
        self.finished = False

    def process(self, data: bytes, output_buffer_limit: int) -> bytes:
        if data[:1] != b"0":
            raise BrotliError
        if data == b"00":
            return b"a" * output_buffer_limit
        self.finished = data[-1:] == b"1"
        return data[1:-1][::-1][:output_buffer_limit]

    def is_finished(self) -> bool:
        return self.finished


class OldDecompressor:
    """A fake of the decompressor of brotli before 1.2, which has no limit."""

    def process(self, data: bytes) -> bytes:
        raise AssertionError("it has no limit")


def brotli_with(decompressor: type) -> ModuleType:
    module = ModuleType("brotli")
    module.error, module.Decompressor = BrotliError, decompressor  # type: ignore[attr-defined]
    return module


def import_brotli(body: bytes) -> ImportedCassette:
    response = {**OK, "headers": {"Content-Encoding": ["br"]}, "body": {"string": body}}
    return loads_vcr(vcr_cassette(interaction(response=response)))


def without_brotli(problem: str) -> ImportedCassette:
    losses = (f"interactions[0] is left out: its body {problem}.",)
    return ImportedCassette(Cassette((), "the cassette", any_order=True), losses)


@pytest.mark.parametrize("name", ["brotli", "brotlicffi"])
def test_either_brotli_package_decodes_a_body(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(sys.modules, "brotli", None)
    monkeypatch.setitem(sys.modules, name, brotli_with(Decompressor))

    assert import_brotli(b'0}1:"a"{1') == imported_exchange(
        (Request("GET", URL), Response(200, (), b'{"a":1}')), CODING
    )
    assert import_brotli(b'0}1:"a"{') == without_brotli(WRONG.format("br"))
    assert import_brotli(b"secret") == without_brotli(WRONG.format("br"))
    assert import_brotli(b"00") == without_brotli(LARGE)


def test_without_a_brotli_package_an_exchange_is_left_out_and_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "brotli", None)
    monkeypatch.setitem(sys.modules, "brotlicffi", None)

    assert import_brotli(b"secret") == without_brotli(
        "has the coding br; to read it, pip install brotli"
    )
    monkeypatch.setitem(sys.modules, "brotlicffi", brotli_with(OldDecompressor))
    assert import_brotli(b"secret") == without_brotli(
        "has the coding br; to read it, pip install 'brotli>=1.2'"
    )


def test_the_real_brotli_package_decodes_only_valid_bodies() -> None:
    brotli = pytest.importorskip("brotli", minversion="1.2")
    body = brotli.compress(ONE)

    assert import_brotli(body) == imported_exchange(
        (Request("GET", URL), Response(200, (), ONE)), CODING
    )
    for wrong in (body[:-1], body + b"x", b"secret"):
        assert import_brotli(wrong) == without_brotli(WRONG.format("br"))
    assert import_brotli(brotli.compress(bytes(17 * MIB))) == without_brotli(LARGE)


@pytest.mark.parametrize("version", [True, 1.0, "1"])
def test_a_version_that_is_not_an_integer_is_refused(version: Any) -> None:
    content = json.dumps({"interactions": [], "version": version}).encode()

    assert refusal(content) == "it is not of version 1 of the format; record it again"


@pytest.mark.parametrize("arguments", [("text",), (None,), (5,), (b"", 5), (b"[]", None)])
def test_an_argument_of_another_type_is_refused(arguments: tuple[Any, ...]) -> None:
    content, *name = arguments
    with pytest.raises(
        InvalidInput, match=r"^(content: must be bytes|name: must be a string), not"
    ):
        loads_vcr(content, **dict(zip(["name"], name, strict=False)))


def test_without_pyyaml_yaml_is_refused_and_json_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)

    assert loads_vcr(b'{"interactions": [], "version": 1}') == ImportedCassette(
        Cassette((), "the cassette", any_order=True), ()
    )
    assert refusal(b"interactions: []\nversion: 1") == (
        "it is YAML, which needs PyYAML: pip install 'calcom-bookings[yaml]'"
    )


def test_a_missing_file_is_reported_as_missing(tmp_path: Path) -> None:
    with raises_cassette_error("missing") as caught:
        load_vcr(tmp_path / "none.yaml")

    assert str(caught.value) == f"there is no cassette at {tmp_path}/none.yaml; fix the path"


@pytest.mark.parametrize("path", ["a\0b", None, "."])
def test_a_path_that_cannot_be_opened_is_unreadable(path: Any) -> None:
    with raises_cassette_error("unreadable", match=r"^the cassette .* cannot be opened "):
        load_vcr(path)


def test_a_message_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "old.yaml"
    path.write_text("[]")

    with raises_cassette_error("unreadable") as caught:
        load_vcr(path)

    assert str(caught.value) == (
        f"{path} cannot be imported: it is of VCR.py before 1.0; migrate it: "
        "python -m vcr.migration"
    )


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
NEARLY_VALID = st.fixed_dictionaries(
    {
        "request": st.fixed_dictionaries(
            {"method": st.just("GET") | PLAIN, "uri": st.just(URL) | st.text() | PLAIN},
            optional={"headers": st.dictionaries(st.text(), st.text()) | PLAIN, "body": PLAIN},
        ),
        "response": st.fixed_dictionaries(
            {"status": st.fixed_dictionaries({"code": st.integers() | PLAIN}) | PLAIN},
            optional={
                "headers": st.dictionaries(
                    st.sampled_from(["Content-Encoding", "Set-Cookie", "A"]),
                    st.sampled_from(["gzip", "deflate", "identity"]) | st.text() | PLAIN,
                ),
                "body": st.fixed_dictionaries({"string": st.binary() | st.text() | PLAIN}) | PLAIN,
            },
        ),
    }
)
YAML_TEXT = st.text("abc019:-,.[]{}&*!<>|%@#?'\"\\\n\t ~=_xeuU\ufeff", max_size=60)


def imported_or_refused(content: bytes) -> ImportedCassette | None:
    try:
        return loads_vcr(content)
    except CassetteError as error:
        if error.reason != "unreadable":
            raise
        return None


@given(st.binary() | YAML_TEXT.map(str.encode))
@example(b"!!int a: 1")
@example(b"!!str {=: 1}")
@example(b"&a !!str {=: *a}")
@example(b"!!python/object/new:_io.BytesIO {}")
@example(b"!!python/object/new:_io.BytesIO {state: 3}")
@example(b"!!python/object/apply:builtins.iter {args: []}")
@example(b"!!null {a: b}")
@example(b'"\\ud800"')
def test_no_bytes_raise_anything_but_unreadable(content: bytes) -> None:
    imported_or_refused(content)


@given(st.lists(NEARLY_VALID | PLAIN, max_size=3))
def test_a_nearly_valid_cassette_is_imported_or_unreadable(interactions: list[Any]) -> None:
    imported = imported_or_refused(vcr_cassette(*interactions))

    if imported is not None:
        left_out = [loss for loss in imported.losses if re.match(r"interactions\[\d\] is", loss)]
        assert len(imported.cassette.runs) == len(interactions) - len(left_out)
        assert len(set(imported.losses)) == len(imported.losses)


def test_a_cassette_of_calcom_bookings_is_not_reported_as_damaged() -> None:
    with raises_cassette_error("unreadable", match="give it to Replay"):
        loads_vcr(b'{"format": "calcom-bookings cassette", "version": 1, "runs": []}')
