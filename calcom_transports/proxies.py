"""The proxy of an exchange, from the option `proxy` or from the environment variables."""

import os
from base64 import b64encode
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from attrs import frozen

from calcom_core.errors import InvalidInput
from calcom_core.secret import Secret, hides_arguments
from calcom_transports.urls import (
    PORTS,
    Origin,
    authority,
    is_address,
    is_host,
    is_loopback,
)

ENVIRONMENT: Final = "environment"
"""Stands for the proxies in the environment variables."""


@frozen
class Proxy:
    """An HTTP proxy, with its name and password encoded by RFC 7617."""

    host: str
    port: int
    credentials: Secret | None = None

    @property
    def fields(self) -> dict[str, str]:
        """The header fields that only the proxy may see."""
        if self.credentials is None:
            return {}
        return {"Proxy-Authorization": f"Basic {self.credentials.reveal()}"}

    def __str__(self) -> str:
        return f"the proxy {authority(self.host, self.port)}"


@frozen
class Proxies:
    """The proxy of each scheme, and the hosts without a proxy, as in `NO_PROXY`.

    An entry of *exempt* is a host, an IP address, a network such as `10.0.0.0/8`, or `*`.
    A host includes its subdomains, and may have a port.
    An invalid proxy is stored as its error, and raised only by a request that needs it.
    """

    http: Proxy | InvalidInput | None = None
    https: Proxy | InvalidInput | None = None
    exempt: tuple[str, ...] = ()

    def of(self, origin: Origin) -> Proxy | None:
        """Return the proxy for requests to *origin*, or None.

        Requests to this machine never use a proxy, which would connect to its own machine, and
        would receive the request unencrypted.
        Raises `InvalidInput` if the environment variables have an invalid proxy for *origin*.
        """
        proxy = self.http if origin.scheme == "http" else self.https
        if proxy is None or is_loopback(origin.host):
            return None
        host = origin.host.rstrip(".")
        if any(_is_exempt(entry, host, origin.port) for entry in self.exempt):
            return None
        if isinstance(proxy, InvalidInput):
            raise InvalidInput(proxy.field, proxy.problem)
        return proxy


def _is_exempt(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        try:
            return ip_address(host) in ip_network(entry, strict=False)
        except ValueError:  # a name is in no network
            return False
    name, _, wanted = entry, "", ""
    if entry.startswith("["):
        name, _, wanted = entry[1:].partition("]")
        wanted = wanted.removeprefix(":")
    elif entry.count(":") == 1:  # with more it is an IPv6 address
        name, _, wanted = entry.partition(":")
    if wanted and wanted != str(port):
        return False
    if is_address(host):
        return is_address(name) and ip_address(host) == ip_address(name)
    name = name.removeprefix("*").strip(".")
    return bool(name) and f".{host}".endswith(f".{name}")


@hides_arguments
def parse_proxies(given: str | None, environ: Mapping[str, str] = os.environ) -> Proxies:
    """Return the proxies of the option *given*; raises `InvalidInput` for an invalid option.

    An invalid URL in an environment variable is an error only for a request that needs it.
    """
    if given is None:
        return Proxies()
    if given == ENVIRONMENT:
        return _from_environment(environ)
    proxy = _proxy_or_problem(given)
    if isinstance(proxy, str):
        raise InvalidInput("proxy", f'{proxy}; or give None, or "{ENVIRONMENT}"')
    return Proxies(proxy, proxy)


def _from_environment(environ: Mapping[str, str]) -> Proxies:
    found: dict[str, Proxy | InvalidInput | None] = {}
    for scheme in PORTS:
        name, value = next(
            (
                (name, value)
                for name in (f"{scheme}_proxy", "all_proxy")
                if (value := _variable(environ, name)) is not None
            ),
            ("", ""),
        )
        # A value for curl may omit the scheme.
        proxy = _proxy_or_problem(value if "://" in value else f"http://{value}") if value else None
        if isinstance(proxy, str):
            remedy = "unset it, list the host in NO_PROXY, or give proxy=None"
            found[scheme] = InvalidInput(name.upper(), f"of the environment {proxy}; {remedy}")
        else:
            found[scheme] = proxy
    listed = (_variable(environ, "no_proxy") or "").lower().replace(",", " ")
    return Proxies(found["http"], found["https"], tuple(listed.split()))


def _variable(environ: Mapping[str, str], name: str) -> str | None:
    value = environ.get(name)
    # In a CGI program, HTTP_PROXY is the header "Proxy" of the request.
    if value is None and not (name == "http_proxy" and "REQUEST_METHOD" in environ):
        value = environ.get(name.upper())
    return value if value is None else value.strip()


def _proxy_or_problem(url: str) -> Proxy | str:
    """Return the proxy of a URL, or the problem of the URL, which may hold a password."""
    wanted = "must be a URL such as http://name:password@host:port"
    if not isinstance(url, str):
        return f"{wanted}, not {type(url).__name__}"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return wanted
    if parts.scheme != "http":
        return f"{wanted}; only the scheme http is supported"
    if not is_host(host) or parts.path not in ("", "/") or parts.query or parts.fragment:
        return wanted
    if port == 0:
        return f"{wanted}; there is no port 0"
    credentials = None
    if parts.username is not None:
        name = unquote_to_bytes(parts.username)
        if b":" in name:
            return f"{wanted}; a name holds no colon"
        pair = b"%s:%s" % (name, unquote_to_bytes(parts.password or ""))
        credentials = Secret(b64encode(pair).decode())
    return Proxy(host, PORTS["http"] if port is None else port, credentials)
