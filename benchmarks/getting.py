"""Getting one booking over TLS, with blocking clients.

Each builds the request with the key and the version of the API, sends it over a kept connection,
decodes the response and creates an object; each has its usual timeouts.
The floor creates no object and checks nothing.
"""

import json
import socket
import ssl
from urllib.parse import urlsplit

from benchmarks.data import API_KEY, UID
from benchmarks.server import BOOKING, PATH, request_of
from benchmarks.turns import Subject, Turns, repeat

HEADERS = {
    "Accept": "application/json",
    "Authorization": f"Bearer {API_KEY}",
    "cal-api-version": "2024-08-13",
}
SOCKETS = 50


def ours(turns: Turns, url: str) -> None:
    from calcom_transports import Client

    with Client(API_KEY, base_url=url) as client:
        assert client.bookings.get_one(UID).uid == UID
        repeat(lambda: client.bookings.get_one(UID))(turns, url)


def httpx2_pydantic(turns: Turns, url: str) -> None:
    import httpx2

    from benchmarks.peer_models import GetBookingOutput

    with httpx2.Client(base_url=url, headers=HEADERS) as client:

        def get() -> object:
            response = client.get(f"/v2/bookings/{UID}").raise_for_status()
            return GetBookingOutput.model_validate(response.json()).data

        repeat(get)(turns, url)


def requests_dict(turns: Turns, url: str) -> None:
    import requests

    with requests.Session() as session:
        session.headers.update(HEADERS)

        def get() -> object:
            response = session.get(f"{url}/v2/bookings/{UID}", timeout=30)
            response.raise_for_status()
            return response.json()["data"]

        repeat(get)(turns, url)


def bare_urllib3(turns: Turns, url: str) -> None:
    import urllib3

    context = ssl.create_default_context()
    with urllib3.PoolManager(ssl_context=context) as manager:

        def get() -> object:
            response = manager.request("GET", f"{url}{PATH}", headers=HEADERS)
            assert response.status == 200
            return json.loads(response.data)

        repeat(get)(turns, url)


def bare_sockets(turns: Turns, url: str) -> None:
    """Keep the server busy: a request on each connection, then the responses."""
    place = urlsplit(url)
    request, size = request_of(place.netloc), len(BOOKING)
    context = ssl.create_default_context()
    sockets = []
    for _ in range(SOCKETS):
        clear = socket.create_connection((place.hostname, place.port))
        clear.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sockets.append(context.wrap_socket(clear, server_hostname=place.hostname))
    for turn in turns:
        rounds = -(-turn.calls // SOCKETS)
        turn.calls = rounds * SOCKETS
        with turn:
            for _ in range(rounds):
                for each in sockets:
                    each.send(request)
                for each in sockets:
                    received = len(each.recv(65_536))
                    while received < size:
                        received += len(each.recv(65_536))
    for each in sockets:
        each.close()


SUBJECTS: dict[str, Subject] = {
    "ours": ours,
    "httpx2 + pydantic": httpx2_pydantic,
    "requests + dict": requests_dict,
    "urllib3 + json.loads": bare_urllib3,
    "bare sockets": bare_sockets,
}
