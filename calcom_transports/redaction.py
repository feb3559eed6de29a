"""The data that a recording leaves out: always credentials, optionally people and more.

`Redaction` holds the settings. `RecordingRedactor` applies them to each exchange before it is
written, and to each request before a replay compares it.
`calcom_core.redaction` finds credentials, `calcom_transports.pseudonyms` finds people.
`BeforeRecord`, a function of the caller, gets each exchange afterwards.
"""

from collections.abc import Callable, Iterable, Iterator

from attrs import evolve, field, frozen

from calcom_core.errors import InvalidInput
from calcom_core.http import Request, Response
from calcom_core.json_text import to_utf8
from calcom_core.redaction import SHORTEST, Credential, Redactor, collect_credentials
from calcom_core.secret import Hidden, Secret, hides_arguments, to_secret
from calcom_transports.cassette_values import Cassette, Failure, RecordedExchange, Run, require
from calcom_transports.pseudonyms import People


@frozen(init=False)
class Redaction:
    """The data that a recording leaves out, besides credentials.

    Every recording is free of credentials: those that a request sends in a secret header
    (`calcom_core.http.SECRET_HEADERS`), and text with the shape of one (`calcom_core.tokens`).
    Short values of cookies stay, since they are settings such as a language.

    With *personal*, people are replaced by pseudonyms; the same person always gets the same one.
    This covers e-mail addresses and international phone numbers everywhere, names and accounts in
    their fields, and the same names in texts.
    It does not anonymise. Names that occur only in free text stay, as do names of one or two
    letters in texts, and other spellings of a name: a nickname, the first name alone, Unicode NFD
    instead of NFC. Ids, dates, notes and postal addresses stay too.
    `calcom_transports.pseudonyms` has the complete list. `Recorder(before_record=…)` removes more.

    Args:
        personal: whether to replace people by pseudonyms.
        key: a text that the pseudonyms depend on. Without a key, anyone who guesses an e-mail
            address can compute its pseudonym. A replay needs the same key.
        secrets: further credentials to redact, each of at least 8 characters.
            A replay needs the same ones if requests hold them.

    Raises:
        InvalidInput: an argument of another type, or a secret that is too short.
    """

    personal: bool
    _key: Hidden[str] = field(repr=False)
    secrets: frozenset[Credential] = field(repr=False)

    @hides_arguments
    def __init__(
        self,
        *,
        personal: bool = False,
        key: str | Hidden[str] = "",
        secrets: Iterable[str | Secret] = (),
    ) -> None:
        if isinstance(secrets, str | Secret):
            secrets = (secrets,)
        require("secrets", secrets, Iterable, "several strings or Secrets")  # type: ignore[type-abstract]
        hidden = key if isinstance(key, Hidden) else Hidden(key)
        credentials = frozenset(
            Credential(to_secret(secret, "secrets").reveal()) for secret in secrets
        )
        if not all(credential.is_certain for credential in credentials):
            raise InvalidInput("secrets", f"holds a secret of fewer than {SHORTEST} characters")
        require("personal", personal, bool, "a boolean")
        if not isinstance(hidden.reveal(), str):  # no frame that raises holds its text
            raise InvalidInput("key", f"must be a string, not {type(hidden.reveal()).__name__}")
        if not _is_unicode(hidden.reveal()):
            raise InvalidInput("key", "holds a lone surrogate")
        self.__attrs_init__(personal, hidden, credentials)  # pyright: ignore[reportAttributeAccessIssue]

    @property
    def key(self) -> str:
        """The key of the pseudonyms, in clear."""
        return self._key.reveal()

    @property
    def personal_data(self) -> str:
        """How the file marks personal data: `kept`, `replaced`, or `keyed`."""
        if not self.personal:
            return "kept"
        return "keyed" if self.key else "replaced"


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def check_redaction(redaction: object) -> Redaction:
    """Return *redaction*, or for None one of credentials alone.

    Raises `InvalidInput` for a value of another type.
    """
    if redaction is None:
        return Redaction()
    return require("redaction", redaction, Redaction, "a Redaction(…)")


class RecordingRedactor:
    """Redacts exchanges and messages as a recording holds them.

    It redacts credentials before people, since a pseudonym could replace a part of a credential.
    It redacts credentials again afterwards, since a rewritten body can show another one.
    Redacting twice changes nothing.
    """

    def __init__(self, credentials: Iterable[Credential], people: People | None = None) -> None:
        self._credentials = Redactor(credentials)
        self._people = people

    def url_and_body(self, request: Request) -> tuple[str, bytes]:
        """Return the redacted URL and body of a request, which a replay compares."""
        return self._credentials.url_and_body(self._without_people(request))

    def request(self, request: Request) -> Request:
        """Return the request as the file holds it."""
        return self._credentials.request(self._without_people(request))

    def response(self, response: Response) -> Response:
        """Return the response as the file holds it."""
        redacted = self._credentials.response(response)
        if self._people is None:
            return redacted
        return self._credentials.response(self._people.response(redacted))

    def text(self, text: str) -> str:
        """Return the message of a failure as the file holds it."""
        redacted = self._credentials.text(text)
        if self._people is None:
            return redacted
        return self._credentials.text(self._people.text(redacted))

    def _without_people(self, request: Request) -> Request:
        if self._people is None:
            return request
        return self._people.request(self._credentials.request(request))


PLAIN = RecordingRedactor(())
"""Redacts by shape alone, for requests without known credentials."""


def urls_and_bodies(cassette: Cassette) -> Iterator[bytes]:
    """Yield each URL and each body in UTF-8; all of them may name people."""
    for exchange in (exchange for run in cassette.runs for exchange in run.exchanges):
        yield exchange.request.url.encode()
        yield to_utf8(exchange.request.body)
        if isinstance(exchange.outcome, Response):
            yield to_utf8(exchange.outcome.body)


def credentials_in(cassette: Cassette, redaction: Redaction) -> frozenset[Credential]:
    """Return the credentials of all requests of a cassette, and the secrets of the redaction."""
    requests = (exchange.request for run in cassette.runs for exchange in run.exchanges)
    return redaction.secrets.union(*map(collect_credentials, requests))


def redact(
    cassette: Cassette, redaction: Redaction, credentials: frozenset[Credential]
) -> Cassette:
    """Return a cassette without credentials, and with pseudonyms if the redaction is personal."""
    people = None
    if redaction.personal:
        people = People.in_texts(redaction.key, urls_and_bodies(cassette))
    redactor = RecordingRedactor(credentials, people)
    runs = tuple(
        Run(tuple(_redact_exchange(exchange, redactor) for exchange in run.exchanges))
        for run in cassette.runs
    )
    personal = redaction.personal_data if redaction.personal else cassette.personal
    return evolve(cassette, runs=runs, personal=personal)


def _redact_exchange(exchange: RecordedExchange, redactor: RecordingRedactor) -> RecordedExchange:
    outcome = exchange.outcome
    if isinstance(outcome, Response):
        outcome = redactor.response(outcome)
    elif isinstance(outcome, Failure):
        outcome = evolve(outcome, message=redactor.text(outcome.message))
    return evolve(exchange, request=redactor.request(exchange.request), outcome=outcome)


BeforeRecord = Callable[[RecordedExchange], RecordedExchange | None]
"""Gets each exchange before it is written; returns the exchange to write, or None to leave it out.

The recorder calls it at the end, after redaction, in the order of the file. `attrs.evolve` changes
an exchange, its request and its response; the branch must stay the same.
A replay has no response to a request that was left out: it fails with `NoMatch`.
A replay does not call the function, so a changed request matches only if `Match` ignores the
change. If the function raises, nothing is written.
"""


def check_before_record(function: object) -> None:
    """Raise `InvalidInput` for a value that is not a function."""
    if function is not None and not callable(function):
        raise InvalidInput("before_record", f"must be a function, not {type(function).__name__}")


def apply_before_record(before_record: BeforeRecord, runs: tuple[Run, ...]) -> Iterator[Run]:
    """Yield the runs with the exchanges that *before_record* returns, without empty runs."""
    for run in runs:
        changed = [_change_exchange(exchange, before_record) for exchange in run.exchanges]
        kept = tuple(exchange for exchange in changed if exchange is not None)
        if kept:
            yield Run(kept)


def _change_exchange(
    exchange: RecordedExchange, before_record: BeforeRecord
) -> RecordedExchange | None:
    changed = before_record(exchange)
    if changed is not None and not isinstance(changed, RecordedExchange):
        raise InvalidInput(
            "before_record", f"must return an exchange or None, not {type(changed).__name__}"
        )
    if changed is not None and changed.branch != exchange.branch:
        raise InvalidInput("before_record", "must keep the branch of the exchange")
    return changed
