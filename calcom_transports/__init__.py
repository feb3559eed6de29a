"""Clients, transports and replays that run the operations and programs of `calcom_core`.

`Client` is blocking, over urllib3; `AsyncClient` is for asyncio and trio. `Replay` plays a cassette
for both, which a `Recorder` has written.
Each name is imported at its first use: pytest loads the plugin in every run, so it must be cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from calcom_core import __version__ as __version__
    from calcom_transports.client import AsyncClient as AsyncClient
    from calcom_transports.client import Client as Client
    from calcom_transports.instrumentation import Observation as Observation
    from calcom_transports.interpreter import Transport as Transport
    from calcom_transports.interpreter import iterate as iterate
    from calcom_transports.interpreter import run as run
    from calcom_transports.matching import Match as Match
    from calcom_transports.recorder import Recorder as Recorder
    from calcom_transports.recorder import use_cassette as use_cassette
    from calcom_transports.redaction import Redaction as Redaction
    from calcom_transports.replay import Replay as Replay
    from calcom_transports.replay_errors import CassetteError as CassetteError
    from calcom_transports.replay_errors import NoMatch as NoMatch
    from calcom_transports.replay_errors import Unplayed as Unplayed

_MODULES = {
    "__version__": "calcom_core",
    "AsyncClient": "calcom_transports.client",
    "CassetteError": "calcom_transports.replay_errors",
    "Client": "calcom_transports.client",
    "Match": "calcom_transports.matching",
    "NoMatch": "calcom_transports.replay_errors",
    "Observation": "calcom_transports.instrumentation",
    "Recorder": "calcom_transports.recorder",
    "Redaction": "calcom_transports.redaction",
    "Replay": "calcom_transports.replay",
    "Transport": "calcom_transports.interpreter",
    "Unplayed": "calcom_transports.replay_errors",
    "iterate": "calcom_transports.interpreter",
    "run": "calcom_transports.interpreter",
    "use_cassette": "calcom_transports.recorder",
}
__all__ = [
    "AsyncClient",
    "CassetteError",
    "Client",
    "Match",
    "NoMatch",
    "Observation",
    "Recorder",
    "Redaction",
    "Replay",
    "Transport",
    "Unplayed",
    "iterate",
    "run",
    "use_cassette",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_MODULES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
