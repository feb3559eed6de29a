"""Which proxy an exchange goes through, if any: as told, or as the environment says."""

import os
from base64 import b64encode
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from attrs import frozen

from calcom_core.errors import InvalidInput
from calcom_core.secret import Secret
from calcom_transports.urls import (
    PORTS,
    Origin,
    authority,
    is_address,
    is_host,
    is_loopback,
)

ENVIRONMENT: Final = "environment"
"""Asks for the proxies that the environment variables name."""


@frozen
class Proxy:
    """An HTTP proxy, and the name and password it wants, as RFC 7617 encodes them."""

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
    """The proxy of each scheme, and the hosts that are asked without one, as `NO_PROXY` has them.

    An entry of *exempt* is a host, which stands for all below it too, with a port or without,
    an IP address, a network such as `10.0.0.0/8`, or `*`.
    An invalid proxy stands here as its error, which only the call that needs the proxy gets.
    """

    http: Proxy | InvalidInput | None = None
    https: Proxy | InvalidInput | None = None
    exempt: tuple[str, ...] = ()

    def of(self, origin: Origin) -> Proxy | None:
        """Return the proxy to ask *origin* through, or None to ask it directly.

        This machine is always asked directly: a proxy would look for it elsewhere, and what goes
        there unencrypted would leave the machine.
        Raises `InvalidInput` where the environment names an invalid proxy for *origin*.
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


def parse_proxies(
    given: str | None, environ: Mapping[str, str] = os.environ
) -> Proxies | InvalidInput:
    """Return the proxies for what a transport was told, or the error for what is none.

    It does not raise, so that its caller can forget a URL with a password before anything is.
    An invalid URL in the environment is an error only for a call that needs it.
    """
    if given is None:
        return Proxies()
    if given == ENVIRONMENT:
        return _of_environment(environ)
    proxy = _proxy_or_problem(given)
    if isinstance(proxy, str):
        return InvalidInput("proxy", f'{proxy}; or give None, or "{ENVIRONMENT}"')
    return Proxies(proxy, proxy)


def _of_environment(environ: Mapping[str, str]) -> Proxies:
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
        # Those for curl may leave the scheme out.
        proxy = _proxy_or_problem(value if "://" in value else f"http://{value}") if value else None
        if isinstance(proxy, str):
            way_out = "unset it, list the host in NO_PROXY, or say proxy=None"
            found[scheme] = InvalidInput(name.upper(), f"of the environment {proxy}; {way_out}")
        else:
            found[scheme] = proxy
    listed = (_variable(environ, "no_proxy") or "").lower().replace(",", " ")
    return Proxies(found["http"], found["https"], tuple(listed.split()))


def _variable(environ: Mapping[str, str], name: str) -> str | None:
    value = environ.get(name)
    # Where a program answers web requests by CGI, HTTP_PROXY is their header "Proxy".
    if value is None and not (name == "http_proxy" and "REQUEST_METHOD" in environ):
        value = environ.get(name.upper())
    return value if value is None else value.strip()


def _proxy_or_problem(url: str) -> Proxy | str:
    """Return the proxy at a URL, or what is wrong with that, which may hold a password."""
    wanted = "must be a URL such as http://name:password@host:port"
    if not isinstance(url, str):
        return f"{wanted}, not {type(url).__name__}"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return wanted
    if parts.scheme != "http":
        return f"{wanted}; another scheme than http is not spoken with proxies"
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
