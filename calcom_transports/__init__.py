"""What carries out the operations and programs of `calcom_core`.

`Client` blocks, on urllib3; `AsyncClient` is trio's; `Replay` answers both from a cassette.
None of the libraries is imported before it is needed.
"""

from calcom_core.redaction import Redaction as Redaction
from calcom_transports.client import AsyncClient as AsyncClient
from calcom_transports.client import Client as Client
from calcom_transports.driver import Transport as Transport
from calcom_transports.driver import iterate as iterate
from calcom_transports.driver import run as run
from calcom_transports.matching import Match as Match
from calcom_transports.record import Recorder as Recorder
from calcom_transports.record import use_cassette as use_cassette
from calcom_transports.replay import Replay as Replay
from calcom_transports.replay import answer as answer
