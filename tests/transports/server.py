"""A server on the loopback interface that does what a test tells it to, byte for byte.

It is the one that the package checks the transports of others with.
"""

from calcom_transports.conformance.server import PATIENCE as PATIENCE
from calcom_transports.conformance.server import End as End
from calcom_transports.conformance.server import Handler as Handler
from calcom_transports.conformance.server import Peer as Peer
from calcom_transports.conformance.server import Server as Server
from calcom_transports.conformance.server import answering as answering
from calcom_transports.conformance.server import answering_once as answering_once
from calcom_transports.conformance.server import dripping as dripping
from calcom_transports.conformance.server import stalling as stalling
