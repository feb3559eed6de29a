"""Which server, with which credentials: what turns an `Operation` into a complete `Request`."""

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
from calcom_core.secret import Hidden, Secret, parse_secret, to_secret
from calcom_core.tokens import text_without_tokens
from calcom_core.versions import EVERYWHERE, Versions, require_version

HOSTED_URL = "https://api.cal.com"
VERSION = "0.2.0"
USER_AGENT = f"calcom-bookings/{VERSION}"

# Allowed in a query by RFC 3986 as they are; everything else is encoded, `+` above all,
# which the server would read as a space.
_QUERY_SAFE = ",:@"


# The constructors that follow are written out, so that they can delete the text of a credential
# before they raise: what shows the locals of a failing frame, as pytest can, would show it.


@frozen(init=False)
class ApiKey(LazyMethods):
    """An API key, as the account's settings show it (`cal_…`; self-hosted servers may differ)."""

    kind: ClassVar[str] = "ApiKey"
    """The name that `Unauthenticated.credentials` has; a subclass keeps it."""
    key: Secret

    def __init__(self, key: str | Secret) -> None:
        secret = parse_secret(key, "api_key")
        del key
        self.__attrs_init__(to_secret(secret))  # pyright: ignore[reportAttributeAccessIssue]

    def headers(self) -> Iterable[tuple[str, str]]:
        """Return the headers that show it to the server."""
        return (("Authorization", f"Bearer {self.key.reveal()}"),)


@frozen(init=False)
class AccessToken(LazyMethods):
    """The access token of a managed user or of OAuth 2; it expires, which is `TokenExpired`."""

    kind: ClassVar[str] = "AccessToken"
    token: Secret

    def __init__(self, token: str | Secret) -> None:
        secret = parse_secret(token, "token")
        del token
        self.__attrs_init__(to_secret(secret))  # pyright: ignore[reportAttributeAccessIssue]

    def headers(self) -> Iterable[tuple[str, str]]:
        """Return the headers that show it to the server."""
        return (("Authorization", f"Bearer {self.token.reveal()}"),)


@frozen(init=False)
class OAuthClient(LazyMethods):
    """The credentials of a platform's OAuth client; the server acts as its owner."""

    kind: ClassVar[str] = "OAuthClient"
    client_id: str
    client_secret: Secret

    def __init__(self, client_id: str, client_secret: str | Secret) -> None:
        # Without one of the two the server takes the caller for anonymous.
        # The id is no secret, but a secret may stand in its place.
        checked = parse_secret(client_id, "client_id")
        secret = parse_secret(client_secret, "client_secret")
        del client_id, client_secret
        self.__attrs_init__(to_secret(checked).reveal(), to_secret(secret))  # pyright: ignore[reportAttributeAccessIssue]

    def headers(self) -> Iterable[tuple[str, str]]:
        """Return the headers that show them to the server."""
        return (
            ("x-cal-client-id", self.client_id),
            ("x-cal-secret-key", self.client_secret.reveal()),
        )


@frozen
class Anonymous(LazyMethods):
    """No credentials, on purpose: enough to book, get, move and cancel where one knows the uid."""

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
        raise InvalidInput("user_agent", "must be printable ASCII text, which a header can carry")


_JSON = "is set by the library, which sends and reads plain JSON; leave it out"
_CREDENTIALS = "is set from the credentials; give them as auth=OAuthClient(…)"
_FRAMING = "is set by the transport; leave it out"

_RESERVED = {
    "authorization": "is set from the credentials; give them as api_key= or auth=",
    "x-cal-client-id": _CREDENTIALS,
    "x-cal-secret-key": _CREDENTIALS,
    "cal-api-version": "is set for each operation; give versions=, or cal_api_version= to a call",
    **dict.fromkeys(("accept", "content-type", "content-encoding"), _JSON),
    **dict.fromkeys(("host", "content-length", "transfer-encoding", "accept-encoding"), _FRAMING),
    **dict.fromkeys(("connection", "keep-alive", "proxy-connection", "upgrade"), _FRAMING),
    **dict.fromkeys(("te", "trailer", "expect"), _FRAMING),
}
"""Headers that are no extra ones, in lower case, each with what to do instead."""

# RFC 9110, 5.5: every control character but the tab.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_WIDE = re.compile(r"[^\x00-\xff]")
_USER_AGENT = "user-agent"


class ExtraHeaders(Hidden[Pairs]):
    """Names and values of extra headers; like a `Secret`, they refuse to be pickled."""

    __slots__ = ()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "extra headers are not pickled, since they may hold a credential; "
            "make the Api in each process"
        )


def _extra_headers(given: object) -> Headers:
    headers = Headers(given)
    seen: set[str] = set()
    for name, value in headers:
        if not TOKEN.fullmatch(name):
            raise InvalidInput("headers", "a name is not a token of RFC 9110")
        if text_without_tokens(name) != name:
            raise InvalidInput("headers", "a name looks like a credential; a name comes first")
        problem = _RESERVED.get(name.lower()) or _problem_of_value(value)
        if name.lower() in seen:
            problem = "is given twice, in whatever case; join its values in one"
        if problem:
            raise InvalidInput(f"headers[{name!r}]", problem)
        seen.add(name.lower())
    return Headers(ExtraHeaders(headers.pairs)) if headers else headers


def _problem_of_value(value: str) -> str:
    if _CONTROL.search(value):
        return "holds a line break or another control character; strip it"
    return "holds a character outside Latin-1; encode it first" if _WIDE.search(value) else ""


def _names_alone(headers: Headers) -> str:
    return f"<{', '.join(name for name, _ in headers)}>"


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:  # its message and its frames show parts of the URL, perhaps a password
        return None
    return parts


def _base_url(value: str) -> str:
    if not isinstance(value, str):
        raise InvalidInput("base_url", f"must be a string, not {type(value).__name__}")
    value = exact_str(value)
    if not value.isascii() or re.search(r"[\x00-\x20\x7f\\]", value):
        raise InvalidInput("base_url", "holds a space, a control character or one outside ASCII")
    parts = _split(value)
    if parts is None:
        raise InvalidInput("base_url", "is not a URL")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInput("base_url", f"must be such as {HOSTED_URL}")
    if parts.username is not None or parts.query or parts.fragment or value[-1] in "?#":
        raise InvalidInput("base_url", "must hold no user, no query and no fragment")
    if text_without_tokens(value) != value:
        raise InvalidInput("base_url", "holds a credential; give that as api_key or auth")
    url = value.rstrip("/")
    if url.endswith("/v1"):
        raise InvalidInput(
            "base_url", "ends in /v1, the API that was shut down in April 2026; leave /v1 out"
        )
    return url.removesuffix("/v2")  # every path starts with it


@frozen(init=False)
class Api(LazyMethods):
    """Base URL, credentials, versions and extra headers.

    *base_url* may have a path prefix, as self-hosted servers do; *versions* is the table that says
    which `cal-api-version` an operation speaks.

    *headers* are extra headers for every request, such as those of a proxy in front of the API
    (`CF-Access-Client-Secret`, `Cookie`) or of tracing (`traceparent`): a mapping or pairs.
    They follow the library's own headers in the order given; a `User-Agent` replaces *user_agent*.
    Their values never show in a repr, and an `Api` that has them is not pickled.
    Raises `InvalidInput` for a header that the library or the transport sets, for a name given
    twice, and for a value that a header cannot carry.
    """

    auth: Auth = field(validator=_is_auth)
    base_url: str = field(converter=_base_url)
    versions: Versions = field(validator=_are_versions)
    user_agent: str = field(validator=_is_printable)
    headers: Headers = field(converter=_extra_headers, repr=_names_alone)

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
            # Any of them may be a credential in the wrong place, which no frame shows then.
            del self, auth, base_url, versions, user_agent, headers
            error.__context__ = None  # its frames may hold a value
            raise error.with_traceback(None) from None

    def request(self, operation: Operation[Any]) -> Request:
        """Return the complete request for an operation: absolute URL, version and credentials.

        It holds the credentials, as it must: do not log its headers other than by `repr`.
        Raises `InvalidInput` for an operation that the table of versions lacks, and for a field
        that the version does not know.
        """
        if not isinstance(operation, Operation):
            raise InvalidInput(
                "operation", f"must be such as bookings.get(…), not {type(operation).__name__}"
            )
        version = require_version(
            operation.version or self._version(operation), operation.minimum_versions
        )
        # Of the credentials no frame holds more than this, whose repr shows no secret.
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
        user_agent = self.headers.get(_USER_AGENT)
        return Headers(
            (
                ("Accept", "application/json"),
                ("User-Agent", self.user_agent if user_agent is None else user_agent),
                ("cal-api-version", version),
                *self.auth.headers(),
                *((("Content-Type", "application/json"),) if has_body else ()),
                *(pair for pair in self.headers if pair[0].lower() != _USER_AGENT),
            )
        )

    def _version(self, operation: Operation[Any]) -> str:
        version = self.versions.of(operation.name)
        if operation.supported_versions and version not in operation.supported_versions:
            return operation.supported_versions[0]
        return version
