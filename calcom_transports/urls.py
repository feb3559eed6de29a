"""Parses URLs, by the rules of all network transports."""

import re
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from attrs import frozen

from calcom_core.errors import InvalidInput

PORTS = {"http": 80, "https": 443}
"""The supported schemes and their default ports."""

_HOST_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")


@frozen
class Origin:
    """The server of a URL; *host* has no brackets, even if it is an IPv6 address."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        return authority(self.host, self.port)


@frozen
class Target:
    """A parsed URL.

    *authority* is the value of `Host`. *path_and_query* is as given, byte for byte.
    """

    origin: Origin
    authority: str
    path_and_query: str

    @property
    def path(self) -> str:
        """The path without the query, which may hold personal data."""
        return self.path_and_query.partition("?")[0]


@lru_cache
def is_loopback(host: str) -> bool:
    """Tell whether *host* can only be this machine; no name is looked up.

    Subdomains of `localhost` do not count: a resolver may look them up elsewhere (RFC 6761, 6.3).
    """
    if is_address(host):
        return ip_address(host).is_loopback
    return host.rstrip(".") == "localhost"


def split_url(url: str, *, allow_http: bool) -> Target:
    """Parse an absolute URL.

    Raises `InvalidInput` for anything that is not `https://host…`,
    and for `http://` unless the host is this machine or *allow_http* is true.
    """
    start = _START.match(url)[0]  # type: ignore[index]  # pyright: ignore[reportOptionalSubscript]  # it matches any text
    try:
        origin, authority = _parse_start(start, allow_http)
    except InvalidInput as error:
        del url, start  # they may hold a password
        raise error.with_traceback(None) from None
    # Split by hand: urlsplit loses the difference between no query and an empty one.
    target = url[len(start) :].partition("#")[0]
    if not target.startswith("/"):
        target = f"/{target}"
    return Target(origin, authority, target)


_START = re.compile(r"(?:[^:/?#]*:)?(?://[^/?#]*)?")


@lru_cache  # a client has few servers
def _parse_start(start: str, allow_http: bool) -> tuple[Origin, str]:
    """Return the origin and the authority of the start of a URL, which ends before its path."""
    parsed = _parse(start)
    if parsed is None:
        raise InvalidInput("url", "has an invalid host or port; write https://host/path")
    parts, host, port = parsed
    if parts.scheme not in PORTS:
        raise InvalidInput("url", "must start with https://")
    if not host:
        raise InvalidInput("url", "names no host; write https://host/path")
    if "@" in parts.netloc:
        raise InvalidInput("url", "holds credentials; send them in a header")
    if not is_host(host) or not _is_authority(parts.netloc, host):
        raise InvalidInput("url", "names a host that is neither a name nor an IP address")
    if parts.scheme == "http" and not allow_http and not is_loopback(host):
        raise InvalidInput(
            "url",
            f"is http:// to {host}, which would send credentials unencrypted; "
            "use https://, or give the transport allow_http=True",
        )
    origin = Origin(parts.scheme, host, PORTS[parts.scheme] if port is None else port)
    return origin, parts.netloc


def _parse(start: str) -> tuple[SplitResult, str, int | None] | None:
    try:
        parts = urlsplit(start)
        return parts, parts.hostname or "", parts.port
    except ValueError:  # its message and its frames show parts of the URL, perhaps a password
        return None


def authority(host: str, port: int) -> str:
    """Return host and port in the form of a URL."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_authority(netloc: str, host: str) -> bool:
    # urlsplit ignores text beside the brackets of an IPv6 address.
    name = f"[{host}]" if ":" in host else host
    return re.fullmatch(r"(:[0-9]*)?", netloc.lower().removeprefix(name)) is not None


def is_host(host: str) -> bool:
    """Tell whether *host* is a name in lower case, or an IP address without brackets."""
    if ":" not in host:
        return _HOST_NAME.fullmatch(host) is not None
    return is_address(host) and "%" not in host


def is_address(host: str) -> bool:
    """Tell whether *host* is an IP address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
