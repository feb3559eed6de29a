"""A server on the loopback interface that does what a test tells it to, byte for byte.

It is the one that the package checks the transports of others with.
"""

from calcom_transports.conformance.server import PATIENCE as PATIENCE
from calcom_transports.conformance.server import End as End
from calcom_transports.conformance.server import Handler as Handler
from calcom_transports.conformance.server import Peer as Peer
from calcom_transports.conformance.server import Server as Server
from calcom_transports.conformance.server import answering as answering
from calcom_transports.conformance.server import stalling as stalling


def answering_once(answer: bytes) -> Handler:
    """Give *answer* to the first request of a connection, then close it."""

    def handler(peer: Peer) -> None:
        peer.request()
        peer.send(answer)

    return handler


def dripping(answer: bytes) -> Handler:
    """Give *answer* to the first request, a byte at a time."""

    def handler(peer: Peer) -> None:
        peer.request()
        peer.drip(answer)
        peer.stall()

    return handler
