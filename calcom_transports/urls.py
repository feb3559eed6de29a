"""URLs taken apart, by the rules of both network transports."""

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from attrs import frozen

from calcom_core.errors import InvalidInput

PORTS = {"http": 80, "https": 443}
"""The schemes that are spoken, each with its usual port."""

_HOST_NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")


@frozen
class Origin:
    """Where connections lead; *host* has no brackets, also if it is an IPv6 address."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@frozen
class Destination:
    """A URL taken apart.

    *authority* is the value of `Host`, and *target* the path and query, byte for byte as given.
    """

    origin: Origin
    authority: str
    target: str

    @property
    def path(self) -> str:
        """The target without its query, which may hold personal data."""
        return self.target.partition("?")[0]


def is_loopback(host: str) -> bool:
    """Tell whether *host* can only be this machine; no name is looked up."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        name = host.rstrip(".")
        return name == "localhost" or name.endswith(".localhost")


def split_url(url: str, *, allow_http: bool) -> Destination:
    """Take an absolute URL apart.

    Raises `InvalidInput` for anything that is not `https://host…`,
    and for `http://` unless the host is this machine or *allow_http* is true.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise InvalidInput("url", f"cannot be read ({error}); write https://host/path") from error
    if parts.scheme not in PORTS:
        raise InvalidInput("url", "must start with https://")
    if not host:
        raise InvalidInput("url", "names no host; write https://host/path")
    if "@" in parts.netloc:
        raise InvalidInput("url", "holds credentials; send them in a header")
    if not is_host(host):
        raise InvalidInput("url", "names a host that is neither a name nor an IP address")
    if parts.scheme == "http" and not allow_http and not is_loopback(host):
        raise InvalidInput(
            "url",
            f"is http:// to {host}, which would send credentials unencrypted; "
            "use https://, or give the transport allow_http=True",
        )
    # Cut by hand: urlsplit forgets the difference between no query and an empty one.
    target = url.partition("#")[0].partition("//")[2][len(parts.netloc) :]
    if not target.startswith("/"):
        target = f"/{target}"
    origin = Origin(parts.scheme, host, PORTS[parts.scheme] if port is None else port)
    return Destination(origin, parts.netloc, target)


def is_host(host: str) -> bool:
    """Tell whether *host* is a name in lower case, or an IP address without brackets."""
    if ":" not in host:
        return _HOST_NAME.fullmatch(host) is not None
    try:
        ip_address(host)
    except ValueError:
        return False
    return "%" not in host
