"""Building complete requests from the arguments of a caller."""

from benchmarks.data import API_KEY, FULL, NEW, UID
from benchmarks.turns import Subject, Turns, repeat


def get(turns: Turns, url: str) -> None:
    from calcom_core import Api, ApiKey, bookings

    api = Api(ApiKey(API_KEY))
    repeat(lambda: api.request(bookings.get_one(UID)))(turns, url)


def create(turns: Turns, url: str) -> None:
    from calcom_core import Api, ApiKey, bookings

    api = Api(ApiKey(API_KEY))
    repeat(lambda: api.request(bookings.create(NEW)))(turns, url)


def create_full(turns: Turns, url: str) -> None:
    from calcom_core import Api, ApiKey, bookings

    api = Api(ApiKey(API_KEY))
    repeat(lambda: api.request(bookings.create(FULL)))(turns, url)


SUBJECTS: dict[str, Subject] = {"get": get, "create": create, "create, full": create_full}
