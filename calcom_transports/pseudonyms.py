"""Replaces people by pseudonyms: the same person always gets the same one.

A pseudonym depends only on the replaced text and a key, so a replay computes the same one again.
Replacing twice changes nothing.

These are replaced:

- e-mail addresses and international phone numbers (`+…`, `00…`) everywhere, percent-encoded too;
- phone numbers of at least 5 digits under keys such as `phone`;
- names under `firstName`, `attendeeName` and the like, and under `name` beside an e-mail address,
  a time zone or an account, or inside an attendee, a guest, a host, a user or an organizer;
- accounts (`username`), and the same accounts in the paths of links;
- the names of these fields in texts, as whole words, in any case, percent-encoded too.

These stay:

- names that no such field of the cassette holds, which are most names in free text;
- names of one or two letters in texts, and parts of a name, such as the first name alone;
- other spellings of a name in a text: without its accents, or in Unicode NFD if the field has NFC;
- names in the message of an error, since its words distinguish errors;
- phone numbers without `+` or `00` in texts, and ids, dates, places and notes.

A replay does not know the names; it finds a name in a text if the recording holds its pseudonym.
"""

import hmac
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any
from urllib.parse import quote, unquote, unquote_plus, unquote_to_bytes

from attrs import evolve

from calcom_core.http import Request, Response
from calcom_core.json_text import InvalidJson, parse_json
from calcom_core.redaction import in_any_encoding
from calcom_core.secret import Hidden

# In percent-encoded text, an escape before an address is not part of it, and `@` may be `%40`.
# The pattern also consumes words without an address; a second search would take quadratic time.
_ADDRESS = re.compile(
    r"(?P<escape>%(?!2[Bb])[0-9A-Fa-f]{2})"
    r"|(?P<local>(?:[\w.+\-]|%2[Bb])++)(?:(?P<at>@|%40)(?P<domain>[\w\-]++(?:\.[\w\-]++)+))?"
)
_PHONE = re.compile(
    r"(?P<plus>(?<!\w)\+|%2[Bb]|(?<![\w.:\-])00)"
    r"(?P<digits>[1-9](?:(?:[ ().\-/\u00a0\u2010-\u2013]|%20){0,3}\d){6,14})(?!\d)"
)
_PSEUDONYM = re.compile(r"person-[0-9a-f]{12}(?:@example\.com)?|Person [0-9a-f]{12}|\+999\d{11}")

# Ids of calendar events, which look like e-mail addresses.
_EVENT_ID_KEYS = frozenset({"icsUid", "iCalUID", "icalUid"})
_NAME_KEYS = frozenset(
    f"{prefix}Name"
    for prefix in ("first", "last", "full", "display", "attendee", "guest", "host", "organizer")
) | {"userName"}
_LOGIN_KEY = "username"
# Its words distinguish errors, and some are names too, such as Can.
_MESSAGE_KEY = "message"
_PHONE_KEY = re.compile(r"(?i)phone|mobile|sms.*number")
_MIN_DIGITS = 5  # of a phone number; a country code has fewer
# `name` is the name of a person beside one of these keys, or inside one of these objects.
_PERSON_KEYS = frozenset({"email", "displayEmail", "phoneNumber", "timeZone", "username", "absent"})
_PERSON_OBJECTS = frozenset(
    {"bookingFieldsResponses", "responses", "attendee", "attendees", "guest", "guests", "host"}
    | {"hosts", "user", "users", "organizer", "owner", "reassignedTo"}
)

_WORD = re.compile(r"[^\W_]+")
_SEPARATOR = re.compile(r"[^\w@]{1,4}|_")
_MAX_WORDS = 8  # of a name
_MIN_NAME_LENGTH = 3  # of a name in a text
# Texts contain one of these; ids, time zones and states are single words.
_TEXT = re.compile(r"[\s%?+]")
_CHUNK = re.compile(r"\S+")
_RUN = re.compile(r"(?:[\w.~+\-]|%[0-9A-Fa-f]{2})++")
_SEGMENT = re.compile(r"(?<=/)[\w.\-]++(?=[/?#\s]|$)")


class People:
    """Replaces the people of a cassette by pseudonyms that depend on a *key*.

    It searches *names* in texts and *logins* in links. *pseudonyms* are those of a recording: a
    word is a known name or login if its pseudonym is one of them.
    """

    def __init__(
        self,
        key: str,
        names: Iterable[str] = (),
        logins: Iterable[str] = (),
        pseudonyms: Iterable[str] = (),
    ) -> None:
        self._key = Hidden(key)
        self._names = {_normalize(name) for name in names if not _PSEUDONYM.fullmatch(name)}
        self._logins = {login for login in logins if not _PSEUDONYM.fullmatch(login)}
        self._pseudonyms = frozenset(pseudonyms)
        self._first_words = {name.partition(" ")[0] for name in self._names}

    @classmethod
    def in_texts(cls, key: str, texts: Iterable[bytes]) -> "People":
        """Return the people in the fields of these URLs and bodies, with all pseudonyms in them."""
        names: set[str] = set()
        logins: set[str] = set()
        pseudonyms: set[str] = set()
        for text in texts:
            for is_login, name in find_names(text):
                (logins if is_login else names).add(name)
            decoded = unquote_to_bytes(text.replace(b"+", b" ")).decode("utf-8", "replace")
            pseudonyms.update(_PSEUDONYM.findall(decoded))
        return cls(key, names, logins, pseudonyms)

    def request(self, request: Request) -> Request:
        """Return a request with pseudonyms in place of people."""
        return evolve(
            request,
            url=self.url(request.url),
            headers=[(name, self.text(value)) for name, value in request.headers],
            body=in_any_encoding(request.body, self._utf8_body),
        )

    def response(self, response: Response) -> Response:
        """Return a response with pseudonyms in place of people."""
        return evolve(
            response,
            headers=[(name, self.text(value)) for name, value in response.headers],
            body=in_any_encoding(response.body, self._utf8_body),
        )

    def _utf8_body(self, body: bytes) -> bytes:
        try:
            tree = parse_json(body)
            replaced = self.tree(tree)
            if replaced == tree:  # as text, a field such as an event id would be replaced
                return body
            return json.dumps(replaced, allow_nan=False, separators=(",", ":")).encode()
        except (InvalidJson, RecursionError, ValueError):
            # Not JSON, nested too deeply, or a number that JSON cannot write.
            return self.text(body.decode("latin-1")).encode("latin-1")

    def text(self, text: str) -> str:
        """Return text with pseudonyms in place of people."""
        text = self._replace_addresses_and_phones(text)
        if self._logins or self._pseudonyms:
            text = _SEGMENT.sub(self._replace_login, text)
        if (self._names or self._pseudonyms) and _TEXT.search(text):
            text = "".join(
                _RUN.sub(self._replace_encoded_names, self._replace_names(part))
                if is_words
                else part
                for is_words, part in _split_links(text)
            )
        return text

    def _replace_addresses_and_phones(self, text: str) -> str:
        return _PHONE.sub(self._replace_phone, _ADDRESS.sub(self._replace_address, text))

    def url(self, url: str) -> str:
        """Return a URL with pseudonyms in its query."""
        path, mark, query = url.partition("?")
        return path + mark + "&".join(map(self._replace_parameter, query.split("&")))

    def _replace_parameter(self, parameter: str) -> str:
        name, _, value = parameter.partition("=")
        decoded = unquote_plus(value)
        if name in _NAME_KEYS and decoded:
            replaced = self.name(decoded)
        elif name == _LOGIN_KEY and decoded:
            replaced = self.login(decoded)
        else:
            replaced = self.text(decoded)
        return parameter if replaced == decoded else f"{name}={quote(replaced, safe='@,:')}"

    def tree(self, tree: Any, place: str = "") -> Any:
        """Return JSON with pseudonyms in place of people; *place* is the key that holds it."""
        match tree:
            case str():
                if place == _MESSAGE_KEY:
                    return self._replace_addresses_and_phones(tree)
                return tree if place in _EVENT_ID_KEYS else self.text(tree)
            case list():
                return [self.tree(item, place) for item in tree]
            case dict():
                return {
                    self.text(key): self._replace_field(key, value, tree, place)
                    for key, value in tree.items()
                }
        return tree

    def _replace_field(self, key: str, value: Any, siblings: Mapping[str, Any], place: str) -> Any:
        if isinstance(value, str) and value:
            if key == _LOGIN_KEY:
                return self.login(value)
            if _is_name(key, siblings, place):
                return self.name(value)
            if _PHONE_KEY.search(key) and len(re.sub(r"\D", "", value)) >= _MIN_DIGITS:
                return self.phone(value)
        return self.tree(value, key)

    def address(self, address: str) -> str:
        """Return the pseudonym of an e-mail address."""
        digest = self._digest("address", address.lower())
        return self._once(address, f"person-{digest}@example.com")

    def phone(self, phone: str) -> str:
        """Return the pseudonym of a phone number; no country has the code 999."""
        digits = re.sub(r"\D", "", phone).removeprefix("00")
        number = int(self._digest("phone", digits), 16) % 10**11
        return self._once(phone, f"+999{number:011d}")

    def name(self, name: str) -> str:
        """Return the pseudonym of a name; spaces and case do not count."""
        return self._once(name, f"Person {self._digest('name', _normalize(name))}")

    def login(self, login: str) -> str:
        """Return the pseudonym of an account."""
        return self._once(login, f"person-{self._digest('login', login)}")

    def _once(self, text: str, pseudonym: str) -> str:
        """Return *pseudonym*, or *text* if it is a pseudonym already."""
        return text if _PSEUDONYM.fullmatch(text) else pseudonym

    def _digest(self, kind: str, value: str) -> str:
        text = f"{kind}:{value}".encode()
        return hmac.digest(self._key.reveal().encode(), text, "sha256").hex()[:12]

    def _replace_address(self, match: "re.Match[str]") -> str:
        if not match["at"]:
            return match[0]
        replaced = self.address(f"{unquote(match['local'])}@{match['domain']}")
        return replaced.replace("@", match["at"])

    def _replace_phone(self, match: "re.Match[str]") -> str:
        plus = match["plus"].replace("00", "+")
        return self.phone("+" + unquote(match["digits"])).replace("+", plus)

    def _replace_login(self, match: "re.Match[str]") -> str:
        login = self.login(match[0])
        return login if match[0] in self._logins or login in self._pseudonyms else match[0]

    def _replace_encoded_names(self, match: "re.Match[str]") -> str:
        if "%" not in match[0]:
            return match[0]
        decoded = unquote(match[0])
        replaced = self._replace_names(decoded)
        return match[0] if replaced == decoded else quote(replaced, safe="")

    def _replace_names(self, text: str) -> str:
        """Return text with pseudonyms in place of names."""
        words = list(_WORD.finditer(text))
        parts: list[str] = []
        end = index = 0
        while index < len(words):
            name = self._name_at(text, words[index : index + _MAX_WORDS])
            if not name:
                index += 1
                continue
            begin, last = words[index].start(), words[index + len(name) - 1].end()
            replaced = self.name(" ".join(name))
            plus = "+" in text[begin:last] and " " not in text[begin:last]
            parts += [text[end:begin], replaced.replace(" ", "+") if plus else replaced]
            end = last
            index += len(name)
        return "".join(parts) + text[end:]

    def _name_at(self, text: str, words: "list[re.Match[str]]") -> list[str]:
        """Return the words of the longest known name that begins with the first word."""
        found = [words[0][0]]
        if not self._pseudonyms and _normalize(found[0]) not in self._first_words:
            return []
        for before, word in pairwise(words):
            if not _SEPARATOR.fullmatch(text, before.end(), word.start()):
                break
            found.append(word[0])
        while found and not self._is_known(" ".join(found)):
            found.pop()
        return found

    def _is_known(self, name: str) -> bool:
        if len(name) < _MIN_NAME_LENGTH:
            return False
        return _normalize(name) in self._names or (
            bool(self._pseudonyms) and self.name(name) in self._pseudonyms
        )


def _split_links(text: str) -> Iterator[tuple[bool, str]]:
    """Yield the parts of a text; the flag is true for words, and false for an address or a link."""
    end = 0
    for chunk in _CHUNK.finditer(text):
        if "@" in chunk[0]:
            stop = chunk.end()
        elif "://" in chunk[0]:  # the query of a link counts as words
            stop = chunk.start() + len(chunk[0].partition("?")[0])
        else:
            continue
        yield True, text[end : chunk.start()]
        yield False, text[chunk.start() : stop]
        end = stop
    yield True, text[end:]


def _normalize(name: str) -> str:
    return " ".join(_WORD.findall(name)).casefold() or name


def find_names(body: bytes) -> Iterator[tuple[bool, str]]:
    """Yield each name in a field of a body, with a flag that is true for a login."""
    try:
        pending = [("", parse_json(body))]
    except InvalidJson:
        return
    while pending:
        place, tree = pending.pop()
        if isinstance(tree, list):
            pending += [(place, item) for item in tree]
        elif isinstance(tree, dict):
            for key, value in tree.items():
                if not isinstance(value, str):
                    pending.append((key, value))
                elif key == _LOGIN_KEY or _is_name(key, tree, place):
                    yield key == _LOGIN_KEY, value


def _is_name(key: str, siblings: Mapping[str, Any], place: str) -> bool:
    if key == "name":
        return place in _PERSON_OBJECTS or not _PERSON_KEYS.isdisjoint(siblings)
    return key in _NAME_KEYS
