"""The deliveries of webhooks: each transition as the signed request that the server posts.

A delivery is written when a test looks at it, from the booking as it was at the transition.
"""

import json

from calcom_core.http import Request
from calcom_core.webhooks import SIGNATURE_HEADER, VERSION_HEADER, sign
from calcom_transports.fake.payloads import payload_of
from calcom_transports.fake.rendering import instant
from calcom_transports.fake.state import State, Transition

SUBSCRIBER_URL = "http://127.0.0.1/webhooks"
"""Where deliveries would go."""

_VERSION = "2021-10-20"


def request_of(state: State, transition: Transition, secret: str) -> Request:
    """Return the request by which a transition is delivered."""
    root = {
        "triggerEvent": transition.trigger,
        "createdAt": instant(transition.at),
        "payload": payload_of(state, transition),
    }
    body = json.dumps(root, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        SIGNATURE_HEADER: sign(body, secret),
        VERSION_HEADER: _VERSION,
    }
    return Request("POST", SUBSCRIBER_URL, headers, body)
