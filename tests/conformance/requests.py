"""What a transport sends: each request as it is, and nothing because of a response."""

from server import OK_RESPONSE, responding

from calcom_core.http import Response
from conformance.responses import EVERY_BYTE, MEGABYTE, ok, raw
from conformance.scenarios import Exchange, Scenario, get, post

_TARGETS = {
    "a plain target": "/v2/bookings?take=2",
    "percent-encodings and unusual characters": "/v2/a%2fb/%C3%A4;d='e'?x=%zz&y=%2B+&z=[1]|2\\^`{}",
    "dots and double slashes": "/v2//a/../b/./c//",
    "an empty query": "/v2/x?",
    "question marks in the query": "/v2/x?a=?&b=/",
    "a long target": f"/v2/{'x' * 8000}",
}
_BODIES = {
    "a small body": b'{"a": 1}',
    "every byte": EVERY_BYTE,
    "a megabyte": MEGABYTE,
    "another request": b"\r\n\r\nGET /v2/smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
}
_FIELDS = (
    ("X-Many", "one"),
    ("Authorization", "Bearer cal_test_conformance"),
    ("x-name", "Zo\xeb"),
    ("X-Empty", ""),
    ("!#$%&'*+-.^_`|~1", 'a "b", c;\td'),
    ("User-Agent", "conformance/1"),
    ("X-Many", "two"),
    ("X-Long", "y" * 8000),
)
_COOKIE = Response(204, {"Set-Cookie": "a=1; Path=/"})
_NO_BODY = Response(200, {"Content-Length": "2"})

REQUESTS = (
    *(Scenario(name, ok, (get(OK_RESPONSE, target=target),)) for name, target in _TARGETS.items()),
    Scenario(
        "a fragment, which is not sent",
        ok,
        (get(OK_RESPONSE, target="/v2/x?q=1#part", sent_target="/v2/x?q=1"),),
    ),
    Scenario("no path", ok, (get(OK_RESPONSE, target="", sent_target="/"),)),
    *(
        Scenario("no body", ok, (Exchange((response,), method),), method)
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
        for response in [_NO_BODY if method == "HEAD" else OK_RESPONSE]
    ),
    *(
        Scenario("a small body", ok, (Exchange((OK_RESPONSE,), method, body=b'{"a": 1}'),), method)
        for method in ("PUT", "PATCH", "DELETE")
    ),
    *(
        Scenario(name, ok, (post(OK_RESPONSE, body=body),), "POST")
        for name, body in _BODIES.items()
    ),
    Scenario("repeated, empty and unusual header fields", ok, (get(OK_RESPONSE, headers=_FIELDS),)),
    Scenario("a cookie, which is not sent back", responding(raw(_COOKIE)), (get(_COOKIE),) * 2),
)


def _status(status: int, **fields: str) -> Scenario:
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    response = Response(status, {**headers, "Content-Length": "2"}, b"ok")
    return Scenario(f"{status // 100}xx", responding(raw(response)), (get(response),), str(status))


STATUSES = (
    *(_status(status) for status in (200, 201, 202, 203, 206, 207, 226, 299)),
    *(_status(status) for status in (400, 402, 403, 404, 405, 406, 408, 409, 410, 412, 413)),
    *(_status(status) for status in (415, 418, 421, 422, 423, 425, 428, 431, 451, 498, 499)),
    *(_status(status) for status in (500, 501, 502, 504, 505, 511, 520, 524, 599)),
    _status(401, WWW_Authenticate='Basic realm="x"'),
    _status(407, Proxy_Authenticate="Basic"),
    _status(429, Retry_After="0"),
    _status(503, Retry_After="0"),
)


# A transport that follows one of these fails at the port 1, or sends a second request.
REDIRECTS = tuple(
    Scenario(
        f"{method} to {location}",
        responding(raw(response)),
        (Exchange((response,), method, body=body),),
        str(response.status),
    )
    for location in ("https://localhost:1/v2/x", "/v2/elsewhere")
    for method, body in (("GET", b""), ("POST", b"{}"))
    for status in (300, 301, 302, 303, 305, 307, 308)
    for response in [Response(status, {"Location": location, "Content-Length": "2"}, b"ok")]
)
