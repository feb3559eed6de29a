"""What a recording leaves out: credentials always, people and anything else if you ask for it.

`Redaction` holds the settings. `RecordingRedactor` applies them to each exchange before it is
written, and to each request before a replay compares it.
`calcom_core.redaction` finds credentials, `calcom_transports.pseudonyms` finds people.
`BeforeRecord`, a function of your own, gets each exchange afterwards.
"""

from collections.abc import Callable, Iterable, Iterator

from attrs import evolve, field, frozen

from calcom_core.errors import InvalidInput
from calcom_core.http import Request, Response
from calcom_core.json_text import to_utf8
from calcom_core.redaction import SHORTEST, Credential, Redactor, collect_credentials
from calcom_core.secret import Hidden, Secret, parse_secret, to_secret
from calcom_transports.cassette_values import Cassette, Failure, Recorded, Run
from calcom_transports.pseudonyms import People


@frozen(init=False)
class Redaction:
    """The settings of a recording: which data it leaves out.

    It never holds a credential that a request sends in a secret header, nor any text that has the
    shape of one. `calcom_core.http.SECRET_HEADERS` lists such headers, `calcom_core.tokens` the
    shapes. Short values of cookies stay, since they are settings such as a language.

    With *personal* it replaces people by pseudonyms; the same person always gets the same one.
    It finds e-mail addresses and international phone numbers everywhere, names and accounts in
    their fields, and the same names in texts.
    It leaves names that stand only in free text, names of one or two letters in texts, and other
    spellings of a name (a nickname, the first name alone, Unicode NFD in place of NFC).
    It also leaves ids, dates, notes and postal addresses, so it does not anonymise.
    `calcom_transports.pseudonyms` has the whole list. `Recorder(before_record=…)` removes more.

    Arguments:
        personal: whether to replace people by pseudonyms.
        key: a text that the pseudonyms depend on. Without a key, anybody who guesses an e-mail
            address can compute its pseudonym. A replay needs the same key.
        secrets: further credentials to redact, each of at least 8 characters.
            A replay needs the same ones if requests hold them.

    Raises `InvalidInput` for an argument of another type, and for a secret that is too short.
    """

    personal: bool
    _key: Hidden[str] = field(repr=False)
    secrets: frozenset[Credential] = field(repr=False)

    def __init__(
        self,
        *,
        personal: bool = False,
        key: str | Hidden[str] = "",
        secrets: Iterable[str | Secret] = (),
    ) -> None:
        if isinstance(secrets, str | Secret):
            secrets = (secrets,)
        if not isinstance(secrets, Iterable):
            raise InvalidInput(
                "secrets", f"must be several strings or Secrets, not {type(secrets).__name__}"
            )
        kept = [parse_secret(secret, "secrets") for secret in secrets]
        hidden = key if isinstance(key, Hidden) else Hidden(key)
        del key, secrets  # no frame that raises holds their text
        credentials = frozenset(Credential(to_secret(secret).reveal()) for secret in kept)
        if not all(credential.is_certain for credential in credentials):
            raise InvalidInput("secrets", f"holds one of fewer than {SHORTEST} characters")
        if not isinstance(personal, bool):
            raise InvalidInput("personal", f"must be a boolean, not {type(personal).__name__}")
        if not isinstance(hidden.reveal(), str):
            raise InvalidInput("key", f"must be a string, not {type(hidden.reveal()).__name__}")
        if not _is_unicode(hidden.reveal()):
            raise InvalidInput("key", "holds half of a surrogate pair")
        self.__attrs_init__(personal, hidden, credentials)  # pyright: ignore[reportAttributeAccessIssue]

    @property
    def key(self) -> str:
        """The key of the pseudonyms, in clear."""
        return self._key.reveal()

    @property
    def kind(self) -> str:
        """The word for personal data in the file: kept, replaced, or keyed."""
        if not self.personal:
            return "kept"
        return "keyed" if self.key else "replaced"


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def redaction_of(given: object) -> Redaction:
    """Return the given redaction, by default that of credentials alone; check its type."""
    if given is None:
        return Redaction()
    if not isinstance(given, Redaction):
        raise InvalidInput("redaction", f"must be a Redaction(…), not {type(given).__name__}")
    return given


class RecordingRedactor:
    """Redacts exchanges and messages as a recording holds them.

    It redacts credentials before people, since a pseudonym could replace a part of a credential.
    It redacts them again afterwards, since a body that is written anew can show another one.
    To redact twice changes nothing.
    """

    def __init__(self, credentials: Iterable[Credential], people: People | None = None) -> None:
        self._credentials = Redactor(credentials)
        self._people = people

    def asked(self, request: Request) -> tuple[str, bytes]:
        """Return the URL and the body of a request, to compare them with a recorded request."""
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
"""Redacts by shape alone, where no credential is known."""


def bodies_of(cassette: Cassette) -> Iterator[bytes]:
    """Yield the URLs and the bodies in UTF-8, all of which may name people."""
    for item in (item for run in cassette.runs for item in run.exchanges):
        yield item.request.url.encode()
        yield to_utf8(item.request.body)
        if isinstance(item.outcome, Response):
            yield to_utf8(item.outcome.body)


def credentials_in(cassette: Cassette, redaction: Redaction) -> frozenset[Credential]:
    """Return the credentials of all requests of a cassette, and the further secrets."""
    recorded = (item for run in cassette.runs for item in run.exchanges)
    return redaction.secrets.union(*(collect_credentials(item.request) for item in recorded))


def redacted(
    cassette: Cassette, redaction: Redaction, credentials: frozenset[Credential]
) -> Cassette:
    """Return a cassette without credentials, and with pseudonyms if the redaction asks for it."""
    people = People.in_bodies(redaction.key, bodies_of(cassette)) if redaction.personal else None
    redactor = RecordingRedactor(credentials, people)
    runs = tuple(
        Run(tuple(_redacted_exchange(item, redactor) for item in run.exchanges))
        for run in cassette.runs
    )
    personal = redaction.kind if redaction.personal else cassette.personal
    return evolve(cassette, runs=runs, personal=personal)


def _redacted_exchange(recorded: Recorded, redactor: RecordingRedactor) -> Recorded:
    outcome = recorded.outcome
    if isinstance(outcome, Response):
        outcome = redactor.response(outcome)
    elif isinstance(outcome, Failure):
        outcome = evolve(outcome, message=redactor.text(outcome.message))
    return evolve(recorded, request=redactor.request(recorded.request), outcome=outcome)


BeforeRecord = Callable[[Recorded], Recorded | None]
"""Called with each exchange before it is written; returns the exchange to write, or None.

It gets the exchange as the file would hold it, after redaction, when the recording ends, in the
order of the file. `attrs.evolve` changes an exchange, its request and its response.
With None the file does not hold the exchange. A replay then has no response to its request, which
fails with `NoMatch`: leave out only requests that the replayed program does not make.
A replay does not call it, so a request that it changes matches only if `Match` ignores the change.
It must keep the branch. An exception in it ends the recording, and nothing is written.
"""


def check_before_record(given: object) -> None:
    """Raise `InvalidInput` for a hook that is not a function."""
    if given is not None and not callable(given):
        raise InvalidInput("before_record", f"must be a function, not {type(given).__name__}")


def changed_by(before_record: BeforeRecord, runs: tuple[Run, ...]) -> Iterator[Run]:
    """Yield the runs as *before_record* returns their exchanges, without empty runs."""
    for run in runs:
        changed = [_changed_exchange(item, before_record) for item in run.exchanges]
        kept = tuple(item for item in changed if item is not None)
        if kept:
            yield Run(kept)


def _changed_exchange(exchange: Recorded, before_record: BeforeRecord) -> Recorded | None:
    changed = before_record(exchange)
    if changed is not None and not isinstance(changed, Recorded):
        raise InvalidInput(
            "before_record", f"must return an exchange or None, not {type(changed).__name__}"
        )
    if changed is not None and changed.branch != exchange.branch:
        raise InvalidInput("before_record", "must keep the branch of the exchange")
    return changed
