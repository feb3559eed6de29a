"""The recorded calls over real sockets, through all transports.

The server responds to the recorded requests, and with 599 to any other target, body or version.
"""

import json
from collections import defaultdict
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from core_calls import RECORDED_CALLS
from core_recorded import RECORDED, response_of
from sending import under
from server import Peer, Server

from calcom_core import NO_PACE, NO_RETRY, CalcomError, OutcomeUnknown, bookings
from calcom_transports import AsyncClient, Client
from calcom_transports.urllib3 import Urllib3Transport

NAMES = sorted(RECORDED_CALLS)
NOT_RECORDED = b"HTTP/1.1 599 Not Recorded\r\nContent-Length: 0\r\n\r\n"
DROPPED = {"connection", "content-length", "keep-alive", "transfer-encoding"}

Key = tuple[str, str, tuple[tuple[str, str], ...], str, str]


def key(method: str, target: str, version: str, body: Any) -> Key:
    parts = urlsplit(target)
    query = tuple(sorted(parse_qsl(parts.query, keep_blank_values=True)))
    return method, parts.path, query, version, json.dumps(body or {}, sort_keys=True)


def recorded_key(name: str) -> Key:
    request = RECORDED[name]["request"]
    version = request["headers"]["cal-api-version"]
    return key(request["method"], request["path"], version, request["body"])


def key_of_request(request: bytes) -> Key:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, target, _ = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    version = next(value for name, value in headers.items() if name.lower() == "cal-api-version")
    return key(method, target, version, json.loads(body or b"{}"))


def wire(name: str) -> bytes:
    response = response_of(name)
    lines = [f"HTTP/1.1 {response.status} Recorded"]
    lines += [
        f"{field}: {value}" for field, value in response.headers if field.lower() not in DROPPED
    ]
    lines.append(f"Content-Length: {len(response.body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + response.body


class Recordings:
    """Plays each recorded response once, for equal requests in the order of their names."""

    def __init__(self) -> None:
        self._waiting: defaultdict[Key, list[str]] = defaultdict(list)
        for name in NAMES:
            self._waiting[recorded_key(name)].append(name)

    def __call__(self, peer: Peer) -> None:
        while request := peer.request():
            waiting = self._waiting.get(key_of_request(request), [])
            peer.send(
                wire(waiting.pop(0)) if waiting else b"HTTP/1.1 599 No\r\nContent-Length: 0\r\n\r\n"
            )


def outcome(call: Any) -> Any:
    try:
        return call()
    except CalcomError as error:
        return raised(error)


def raised(error: CalcomError) -> Any:
    """Return what an error says of the response; for a write that may have happened, its cause."""
    if isinstance(error, OutcomeUnknown):
        error = error.cause
    return type(error), error.args[0]


def blocking(url: str) -> list[Any]:
    transport = Urllib3Transport()
    client = Client(
        "cal_test_wire", base_url=url, transport=transport, retry=NO_RETRY, pace=NO_PACE
    )
    with client:
        return [outcome(partial(client.call, RECORDED_CALLS[name]())) for name in NAMES]


async def awaited(url: str) -> list[Any]:
    outcomes: list[Any] = []
    client = AsyncClient("cal_test_wire", base_url=url, retry=NO_RETRY, pace=NO_PACE)
    async with client:
        for name in NAMES:
            try:
                outcomes.append(await client.call(RECORDED_CALLS[name]()))
            except CalcomError as error:
                outcomes.append(raised(error))
    return outcomes


def expected(name: str) -> Any:
    return outcome(lambda: RECORDED_CALLS[name]().read(response_of(name), credentials="ApiKey"))


@pytest.fixture(scope="module")
def runs() -> list[tuple[list[Any], list[bytes]]]:
    """Return the outcomes of the calls and their requests, for each client."""
    found = []
    for run in (blocking, partial(under, "trio", awaited), partial(under, "asyncio", awaited)):
        with Server(Recordings()) as server:
            found.append((run(server.url), server.requests))
    return found


@pytest.mark.exhaustive(sample=10)
@pytest.mark.parametrize(("index", "name"), list(enumerate(NAMES)))
def test_a_recorded_call_reads_the_same_over_a_socket(
    index: int, name: str, runs: list[tuple[list[Any], list[bytes]]]
) -> None:
    wanted = without_responses(expected(name))
    assert [without_responses(results[index]) for results, _ in runs] == [wanted] * 3


def without_responses(result: Any) -> Any:
    """Leave out the raw response of a page: the recording lacks the headers of the connection."""
    if hasattr(result, "pagination"):
        return result.items, result.pagination, result.next
    return result


def test_all_transports_send_the_same_targets_and_bodies(
    runs: list[tuple[list[Any], list[bytes]]],
) -> None:
    def sent(request: bytes) -> tuple[bytes, bytes]:
        head, _, body = request.partition(b"\r\n\r\n")
        return head.partition(b"\r\n")[0], body

    over_urllib3, over_trio, over_asyncio = (list(map(sent, requests)) for _, requests in runs)
    assert over_urllib3 == over_trio == over_asyncio
    assert len(over_urllib3) == len(NAMES)


def test_the_server_of_these_tests_refuses_an_unrecorded_request() -> None:
    op = bookings.get_one("not-recorded")
    with (
        Server(Recordings()) as server,
        Client("cal_test_wire", base_url=server.url, retry=NO_RETRY) as client,
    ):
        result = outcome(partial(client.call, op))

    assert "599" in result[1]
