"""Replacing persons: e-mail addresses, phone numbers and names, each by the same other one.

A replacement is made from what it replaces and a key, so that nothing has to be remembered:
whoever is asked for in a replay becomes whoever was asked for when it was recorded.
Replacing twice changes nothing.
"""

import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, unquote, unquote_plus

from calcom_core.wire import NotJson, parse

# In what is percent-encoded an escape before an address is no part of it, and `@` may be `%40`.
# A word that is no address is consumed whole, so that its length does not count twice.
_ADDRESS = re.compile(
    r"(?P<escape>%(?!2[Bb])[0-9A-Fa-f]{2})"
    r"|(?P<local>(?:[\w.+\-]|%2[Bb])++)(?:(?P<at>@|%40)(?P<domain>[\w\-]++(?:\.[\w\-]++)+))?"
)
_PHONE = re.compile(r"(?P<plus>\+|%2[Bb])(?P<digits>[1-9](?:(?:[ ().\-]|%20){0,3}\d){6,14})(?!\d)")
_OURS = re.compile(r"person-[0-9a-f]{12}(?:@example\.com)?|Person [0-9a-f]{12}|\+999\d{11}")

# Values that look like an address and name an event in calendars.
_NO_PERSON = frozenset({"icsUid", "iCalUID", "icalUid"})
_NAMES = frozenset({"firstName", "lastName", "fullName", "displayName", "attendeeName", "userName"})
_LOGINS = frozenset({"username"})
# `name` is a person's where one of these stands beside it, or in one of those places.
_BESIDE = frozenset({"email", "displayEmail", "phoneNumber", "timeZone", "username", "absent"})
_PLACES = frozenset({"bookingFieldsResponses", "responses", "attendee", "user", "organizer"})
_SHORTEST_NAME = 3  # of a name that is looked for in texts


class People:
    """Replaces persons by a *key*; *names* are those to be looked for in texts."""

    def __init__(self, key: str, names: Iterable[str] = ()) -> None:
        self._key = key
        kept = sorted({name for name in names if not _OURS.fullmatch(name)}, key=len, reverse=True)
        forms = dict.fromkeys(
            form
            for name in kept
            if len(name) >= _SHORTEST_NAME
            for form in (name, quote(name), name.replace(" ", "+"))
        )
        words = "|".join(map(re.escape, forms))
        # What is percent-encoded before a name is no letter of it.
        before = r"(?:(?<!\w)|(?<=%[0-9A-Fa-f]{2}))"
        self._names = re.compile(rf"{before}(?:{words})(?!\w)") if forms else None

    def with_names(self, *bodies: bytes) -> "People":
        """Return what also looks for the names that these bodies hold in their fields."""
        return People(self._key, [name for body in bodies for name in names_in(body)])

    def text(self, text: str) -> str:
        """Return text with the persons in it replaced."""
        text = _ADDRESS.sub(self._address, text)
        text = _PHONE.sub(self._phone, text)
        return self._names.sub(self._known_name, text) if self._names else text

    def url(self, url: str) -> str:
        """Return a URL with the persons in its path and its query replaced."""
        path, mark, query = url.partition("?")
        pairs = [pair.partition("=") for pair in query.split("&")]
        return (
            self.text(path)
            + mark
            + "&".join(
                f"{name}{equal}{self._parameter(name, value)}" for name, equal, value in pairs
            )
        )

    def _parameter(self, name: str, value: str) -> str:
        given = unquote_plus(value)
        replaced = self.name(given) if name in _NAMES and given else self.text(given)
        return value if replaced == given else quote(replaced, safe="@,:")

    def tree(self, tree: Any, place: str = "") -> Any:
        """Return JSON with the persons in it replaced."""
        match tree:
            case str():
                return tree if place in _NO_PERSON else self.text(tree)
            case list():
                return [self.tree(item, place) for item in tree]
            case dict():
                return {
                    self.text(key): self._field(key, value, tree, place)
                    for key, value in tree.items()
                }
        return tree

    def _field(self, key: str, value: Any, around: Mapping[str, Any], place: str) -> Any:
        if isinstance(value, str) and value:
            if key in _LOGINS:
                return self.login(value)
            if _is_name(key, around, place):
                return self.name(value)
            if "phone" in key.lower():
                return self.phone(value)
        return self.tree(value, key)

    def address(self, address: str) -> str:
        """Return what stands for an e-mail address."""
        return self._stands_for(
            address, f"person-{self._mark('address', address.lower())}@example.com"
        )

    def phone(self, phone: str) -> str:
        """Return what stands for a phone number; no country has the code 999."""
        number = int(self._mark("phone", re.sub(r"\D", "", phone)), 16) % 10**11
        return self._stands_for(phone, f"+999{number:011d}")

    def name(self, name: str) -> str:
        """Return what stands for a name."""
        return self._stands_for(name, f"Person {self._mark('name', ' '.join(name.split()))}")

    def login(self, login: str) -> str:
        """Return what stands for the name of an account."""
        return self._stands_for(login, f"person-{self._mark('login', login)}")

    def _stands_for(self, given: str, other: str) -> str:
        return given if _OURS.fullmatch(given) else other

    def _mark(self, kind: str, value: str) -> str:
        return hmac.digest(self._key.encode(), f"{kind}:{value}".encode(), "sha256").hex()[:12]

    def _address(self, found: "re.Match[str]") -> str:
        if not found["at"]:
            return found[0]
        replaced = self.address(f"{unquote(found['local'])}@{found['domain']}")
        return replaced.replace("@", found["at"])

    def _phone(self, found: "re.Match[str]") -> str:
        return self.phone("+" + unquote(found["digits"])).replace("+", found["plus"])

    def _known_name(self, found: "re.Match[str]") -> str:
        # Written as it was found: in a URL without a space.
        space = next((mark for mark in ("%20", "+") if mark in found[0]), " ")
        return self.name(unquote_plus(found[0])).replace(" ", space)


def names_in(body: bytes) -> Iterator[str]:
    """Yield the names that stand in the fields of a body for them."""
    try:
        waiting = [("", parse(body))]
    except NotJson:
        return
    while waiting:
        place, tree = waiting.pop()
        if isinstance(tree, list):
            waiting += [(place, item) for item in tree]
        elif isinstance(tree, dict):
            for key, value in tree.items():
                if isinstance(value, str):
                    if _is_name(key, tree, place):
                        yield value
                else:
                    waiting.append((key, value))


def _is_name(key: str, around: Mapping[str, Any], place: str) -> bool:
    if key == "name":
        return place in _PLACES or not _BESIDE.isdisjoint(around)
    return key in _NAMES
