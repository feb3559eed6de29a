"""`Api` turns an `Operation` into a complete `Request`: base URL, credentials, version, headers.

Every request carries the version of its operation, because the legacy API responds without one.
A header that the library or the transport sets cannot be replaced, except `User-Agent`.
"""

import re
from collections.abc import Iterable
from typing import Any, ClassVar, NoReturn
from urllib.parse import SplitResult, quote, urlsplit

from attrs import field, frozen

from calcom_core._lazy_methods import LazyMethods
from calcom_core.checks import exact_str
from calcom_core.errors import InvalidInput
from calcom_core.http import TOKEN, Headers, HeadersInput, Pairs, Request
from calcom_core.operation import Operation
from calcom_core.secret import Hidden, Secret, hides_arguments, to_secret
from calcom_core.tokens import redact_text
from calcom_core.versions import EVERYWHERE, Versions, require_version

HOSTED_URL = "https://api.cal.com"
VERSION = "0.2.0"
USER_AGENT = f"calcom-bookings/{VERSION}"

# RFC 3986 allows these in a query. Everything else is encoded, above all `+`, which the server
# would decode as a space.
_QUERY_SAFE = ",:@"


@frozen(init=False)
class ApiKey(LazyMethods):
    """An API key from the settings of an account (`cal_…`; self-hosted servers may differ)."""

    kind: ClassVar[str] = "ApiKey"
    """The value of `Unauthenticated.credentials`; subclasses keep it."""
    key: Secret

    @hides_arguments
    def __init__(self, key: str | Secret) -> None:
        self.__attrs_init__(to_secret(key, "api_key"))  # pyright: ignore[reportAttributeAccessIssue]

    def headers(self) -> Iterable[tuple[str, str]]:
        """Return the headers that show it to the server."""
        return (("Authorization", f"Bearer {self.key.reveal()}"),)


@frozen(init=False)
class AccessToken(LazyMethods):
    """An access token of a managed user or of OAuth 2; `TokenExpired` is raised once it expires."""

    kind: ClassVar[str] = "AccessToken"
    token: Secret

    @hides_arguments
    def __init__(self, token: str | Secret) -> None:
        self.__attrs_init__(to_secret(token, "token"))  # pyright: ignore[reportAttributeAccessIssue]

    def headers(self) -> Iterable[tuple[str, str]]:
        """Return the headers that show it to the server."""
        return (("Authorization", f"Bearer {self.token.reveal()}"),)


@frozen(init=False)
class OAuthClient(LazyMethods):
    """The credentials of a platform's OAuth client; calls act as its owner."""

    kind: ClassVar[str] = "OAuthClient"
    client_id: str
    client_secret: Secret

    @hides_arguments
    def __init__(self, client_id: str, client_secret: str | Secret) -> None:
        # If one of the two is empty, the server treats the caller as anonymous.
        # The id is checked as a secret, because the caller may have swapped the two.
        identity = to_secret(client_id, "client_id").reveal()
        self.__attrs_init__(identity, to_secret(client_secret, "client_secret"))  # pyright: ignore[reportAttributeAccessIssue]

    def headers(self) -> Iterable[tuple[str, str]]:
        """Return the headers with the credentials in clear text."""
        return (
            ("x-cal-client-id", self.client_id),
            ("x-cal-secret-key", self.client_secret.reveal()),
        )


@frozen
class Anonymous(LazyMethods):
    """No credentials; enough to book, and to get, reschedule or cancel a booking by its uid."""

    kind: ClassVar[str] = "Anonymous"

    def headers(self) -> Iterable[tuple[str, str]]:
        """Return no headers."""
        return ()


Auth = ApiKey | AccessToken | OAuthClient | Anonymous


def _is_auth(api: "Api", attribute: object, value: Auth) -> None:
    if not isinstance(value, Auth):
        raise InvalidInput(
            "auth", "must be ApiKey(…), AccessToken(…), OAuthClient(…) or Anonymous()"
        )


def _are_versions(api: "Api", attribute: object, value: Versions) -> None:
    if not isinstance(value, Versions):
        raise InvalidInput("versions", "must be EVERYWHERE, HOSTED or a Versions of your own")


def _is_printable(api: "Api", attribute: object, value: str) -> None:
    if not isinstance(value, str):
        raise InvalidInput("user_agent", f"must be a string, not {type(value).__name__}")
    if not re.fullmatch("[ -~]+", value):
        raise InvalidInput("user_agent", "must be printable ASCII text")


_JSON = "is set by the library; remove it"
_CREDENTIALS = "is set from the credentials; pass them as auth=OAuthClient(…)"
_FRAMING = "is set by the transport; remove it"

_RESERVED = {
    "authorization": "is set from the credentials; pass them as api_key= or auth=",
    "x-cal-client-id": _CREDENTIALS,
    "x-cal-secret-key": _CREDENTIALS,
    "cal-api-version": "is set for each operation; pass versions=, or cal_api_version= to a call",
    **dict.fromkeys(("accept", "content-type", "content-encoding"), _JSON),
    **dict.fromkeys(("host", "content-length", "transfer-encoding", "accept-encoding"), _FRAMING),
    **dict.fromkeys(("connection", "keep-alive", "proxy-connection", "upgrade"), _FRAMING),
    **dict.fromkeys(("te", "trailer", "expect"), _FRAMING),
}
"""The names, in lower case, that extra headers cannot have, with the reason and the remedy."""

# RFC 9110, 5.5: every control character but the tab.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_WIDE = re.compile(r"[^\x00-\xff]")
_USER_AGENT = "user-agent"


class ExtraHeaders(Hidden[Pairs]):
    """The names and values of extra headers; pickling them raises `TypeError`, as for `Secret`."""

    __slots__ = ()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "extra headers cannot be pickled, because they may hold a credential; "
            "create the Api in each process"
        )


def _extra_headers(given: object) -> Headers:
    headers = Headers(given)
    seen: set[str] = set()
    for name, value in headers:
        if not TOKEN.fullmatch(name):
            raise InvalidInput("headers", "a name is not a token of RFC 9110")
        if redact_text(name) != name:
            raise InvalidInput(
                "headers", "a name looks like a credential; pass pairs of a name and a value"
            )
        problem = _RESERVED.get(name.lower()) or _value_problem(value)
        if name.lower() in seen:
            problem = "is repeated, ignoring case; join its values"
        if problem:
            raise InvalidInput(f"headers[{name!r}]", problem)
        seen.add(name.lower())
    return Headers(ExtraHeaders(headers.pairs)) if headers else headers


def _value_problem(value: str) -> str:
    if _CONTROL.search(value):
        return "contains a line break or another control character; strip it"
    return "contains a character outside Latin-1; encode it" if _WIDE.search(value) else ""


def _names_only(headers: Headers) -> str:
    return f"<{', '.join(name for name, _ in headers)}>"


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - the property checks the port
    except ValueError:  # not raised, because it may show a password in the URL
        return None
    return parts


def _base_url(value: str) -> str:
    if not isinstance(value, str):
        raise InvalidInput("base_url", f"must be a string, not {type(value).__name__}")
    value = exact_str(value)
    if not value.isascii() or re.search(r"[\x00-\x20\x7f\\]", value):
        raise InvalidInput(
            "base_url", "contains a space, a control character or a character outside ASCII"
        )
    parts = _split(value)
    if parts is None:
        raise InvalidInput("base_url", "is not a URL")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInput("base_url", f"must be an http or https URL such as {HOSTED_URL}")
    if parts.username is not None or parts.query or parts.fragment or value[-1] in "?#":
        raise InvalidInput("base_url", "must not contain a user, a query or a fragment")
    if redact_text(value) != value:
        raise InvalidInput("base_url", "contains a credential; pass it as api_key or auth")
    url = value.rstrip("/")
    if url.endswith("/v1"):
        raise InvalidInput(
            "base_url", "ends in /v1, an API that was shut down in April 2026; remove /v1"
        )
    return url.removesuffix("/v2")  # every path starts with it


@frozen(init=False)
class Api(LazyMethods):
    """The server, the credentials, the versions and the extra headers of all requests.

    *base_url* may have a path prefix.
    *versions* is the version profile: the `cal-api-version` of each operation.
    *headers* is a mapping or pairs, for a proxy in front of the API (`CF-Access-Client-Secret`,
    `Cookie`) or for tracing (`traceparent`).
    They follow the library's headers in the given order; a `User-Agent` replaces *user_agent*.
    Their values never appear in a repr, and an `Api` with extra headers cannot be pickled.

    Raises `InvalidInput` for a header that the library or the transport sets, for a repeated name,
    and for a value that a header cannot hold.
    """

    auth: Auth = field(validator=_is_auth)
    base_url: str = field(converter=_base_url)
    versions: Versions = field(validator=_are_versions)
    user_agent: str = field(validator=_is_printable)
    headers: Headers = field(converter=_extra_headers, repr=_names_only)

    def __init__(
        self,
        auth: Auth,
        base_url: str = HOSTED_URL,
        versions: Versions = EVERYWHERE,
        user_agent: str = USER_AGENT,
        headers: HeadersInput = (),
    ) -> None:
        try:
            self.__attrs_init__(  # pyright: ignore[reportAttributeAccessIssue]
                auth, base_url, versions, user_agent, headers
            )
        except InvalidInput as error:
            # Any argument may be a misplaced credential, so no frame of the traceback keeps one.
            del self, auth, base_url, versions, user_agent, headers
            error.__context__ = None  # its frames may hold one
            raise error.with_traceback(None) from None

    def request(self, operation: Operation[Any]) -> Request:
        """Return the complete request for an operation: absolute URL, version and credentials.

        Its headers hold the credentials in clear text: log only their `repr`.

        Raises `InvalidInput` for an operation that the version profile lacks, and for a field that
        the version does not support.
        """
        if not isinstance(operation, Operation):
            raise InvalidInput(
                "operation",
                f"must be an operation such as bookings.get(…), not {type(operation).__name__}",
            )
        version = operation.version
        if version is None:
            version = self.versions.of(operation.name)
            # The filters of a list may need the other paging style than that of the profile.
            if operation.supported_versions and version not in operation.supported_versions:
                version = operation.supported_versions[0]
        require_version(version, operation.minimum_versions)
        # Kept as Headers, whose repr hides them from a traceback with locals.
        headers = self._headers(version, has_body=operation.body is not None)
        url = self.base_url + operation.path
        if operation.query:
            url += "?" + "&".join(
                [
                    f"{quote(name, safe=_QUERY_SAFE)}={quote(value, safe=_QUERY_SAFE)}"
                    for name, value in operation.query
                ]
            )
        return Request(operation.method, url, headers, operation.body or b"")

    def _headers(self, version: str, *, has_body: bool) -> Headers:
        extra = self.headers.pairs
        agents = [value for name, value in extra if name.lower() == _USER_AGENT]
        return Headers(
            (
                ("Accept", "application/json"),
                ("User-Agent", agents[0] if agents else self.user_agent),
                ("cal-api-version", version),
                *self.auth.headers(),
                *((("Content-Type", "application/json"),) if has_body else ()),
                *[pair for pair in extra if pair[0].lower() != _USER_AGENT],
            )
        )
