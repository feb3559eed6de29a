"""A resolver under the control of a test."""

import socket
from typing import Any

import pytest

HOST = "api.calendar.test"
"""A name that a test makes resolve to this machine."""

STREAM = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")


def addresses(monkeypatch: pytest.MonkeyPatch, *found: tuple[str, int]) -> None:
    """Make every name resolve to these addresses, each with its own port."""

    def look_up(host: str | bytes, *args: Any, **kwargs: Any) -> list[Any]:
        """Return the addresses of a name, or *host* itself if it is an address."""
        return [(*STREAM, address) for address in found if host == address[0]] or [
            (*STREAM, address) for address in found
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
