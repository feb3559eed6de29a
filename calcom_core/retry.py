"""The program of one operation.

Nothing is repeated yet: the program is one `Send`.
"""

from typing import Any, Generic, TypeVar

from attrs import evolve, field, frozen

from calcom_core.api import Api
from calcom_core.effects import Program, send
from calcom_core.errors import TransportError
from calcom_core.http import Request, Response, Timeout
from calcom_core.operation import Operation

T = TypeVar("T")


@frozen
class RetryPolicy:
    """When to ask again; `NO_RETRY` is the only one."""


NO_RETRY = RetryPolicy()


@frozen
class Exchange(Generic[T]):
    """One call seen whole: what was sent, what came back, and what it was read as."""

    request: Request
    response: Response
    value: T = field(repr=False)


def exchanging(
    api: Api, op: Operation[T], policy: RetryPolicy = NO_RETRY, timeout: Timeout | None = None
) -> Program[Exchange[T]]:
    """Carry out one operation; the result is the whole exchange.

    Raises what `Operation.read` raises, and `NotSent` or `NoAnswer` carrying the operation.
    """
    request = api.request(op)
    try:
        response = yield from send(request, op, timeout)
    except TransportError as error:
        error.operation = evolve(op, then=())  # functions may not pickle
        raise
    return Exchange(request, response, op.read(response))


def retrying(
    api: Api, op: Operation[T], policy: RetryPolicy = NO_RETRY, timeout: Timeout | None = None
) -> Program[T]:
    """Carry out one operation; the result is what it reads.

    Raises as `exchanging` does.
    """
    exchange: Exchange[Any] = yield from exchanging(api, op, policy, timeout)
    value: T = exchange.value
    return value
