"""Where the blocking transport differs from the requirements, because urllib3 and http.client do.

Each entry maps a scenario to its actual outcome. The suite fails if an entry no longer holds: the
table is exact.
"""

from collections.abc import Mapping, Sequence

from conformance.runner import Target, failures
from conformance.scenarios import Scenario

_OK = "it returned 200 [('Content-Length', '2')] b'ok'"
_CHUNKED = "it returned 200 [('Transfer-Encoding', 'chunked')] b'hello'"
_INTERIM = (
    "it raised NoAnswer (GET /v2/x: status {} is not final; "
    "it may have been executed, look before repeating a write)"
)

LENIENT = {
    # urllib3 encodes what RFC 3986 does not allow in a target, and writes %2F for %2f.
    "percent-encodings and unusual characters": (
        "\"GET /v2/a%2Fb/%C3%A4;d='e'?x=%25zz&y=%252B+&z=%5B1%5D%7C2%5C%5E%60%7B%7D HTTP/1.1\" came"
    ),
    # http.client skips the status 100 alone.
    "after 103": _INTERIM.format(103),
    "after several interim responses": _INTERIM.format(102),
    # http.client reads any version that starts with HTTP/, and header fields as those of e-mails.
    "HTTP/0.9": _OK,
    "a line without a colon": "it returned 200 [] b'ok'",
    "a space before the colon": "it returned 200 [] b'ok'",
    "an empty name": _OK,
    "a name that is no token": "it returned 200 [('X;One', '1'), ('Content-Length', '2')] b'ok'",
    "a name beyond ASCII": "it returned 200 [] b'ok'",
    "NUL in a value": "it returned 200 [('X-One', 'a\\x00b'), ('Content-Length', '2')] b'ok'",
    "a bare CR in a value": (
        "it returned 200 [('X-One', 'a'), ('X-Two', 'b'), ('Content-Length', '2')] b'ok'"
    ),
    # urllib3 skips trailers as they are.
    "a trailer that is no field": _CHUNKED,
    "trailers of a megabyte": "it returned 200 [('Transfer-Encoding', 'chunked')] b''",
    # http.client takes an invalid length for none, and reads to the end of the connection.
    **{
        f"a Content-Length that differs or is invalid, {length!r}": (
            f"it returned 200 [('Content-Length', {length!r})] b'hello'"
        )
        for length in ("+5", "-5", "-1", "0x5", "5.0", "5 5", "abc", "")
    },
    # urllib3 reads the size of a chunk by int().
    **{
        f"a chunk size that differs or is invalid, {size!r}": _CHUNKED
        for size in ("+5", "0x5", "0_5", " 5", "5".zfill(40))
    },
    # urllib3 looks for "chunked" in the list, and ignores the rest.
    **{
        f"another Transfer-Encoding, {coding}": (
            f"it returned 200 [('Transfer-Encoding', {coding!r})] {body!r}"
        )
        for coding, body in (
            ("gzip", b"5\r\nhello\r\n0\r\n\r\n"),
            ("xchunked", b"5\r\nhello\r\n0\r\n\r\n"),
            ("gzip, chunked", b"hello"),
            ("chunked, gzip", b"hello"),
        )
    },
}


def failures_beyond(
    lenient: Mapping[str, str], scenarios: Sequence[Scenario], target: Target
) -> list[str]:
    """Run the scenarios as `failures` does; those of the table must fail as it says."""
    found = failures([each for each in scenarios if str(each) not in lenient], target)
    for scenario in scenarios:
        if (expected := lenient.get(str(scenario))) is not None:
            (came,) = failures([scenario], target) or [f"{scenario}: it conforms"]
            if not came.endswith(f", but {expected}"):
                found.append(f"{came}, where LENIENT has: {expected}")
    return found
