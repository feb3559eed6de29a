"""A process that runs 30 workflows, each of which books, and that may kill itself.

Arguments: the URL of the server, the path of the database, and when to die: `before` or `after` the
POST of every workflow, `within` all of them, or not at all, to `recover` the workflows.
"""

import os
import signal
import sys
from threading import Barrier

from dbos import DBOS, SetWorkflowID

from calcom_core import (
    Api,
    ApiKey,
    OutcomeUnknown,
    Program,
    Request,
    Response,
    Timeout,
    create_once,
)
from calcom_transports.durable import run_durable
from calcom_transports.urllib3 import Urllib3Transport

KEY = "cal_live_s3cr3ts3cr3ts3cr3t"
NEW = {
    "event_type_id": 1,
    "start": "2027-12-16T09:00:00Z",
    "attendee": {"name": "Ann", "email": "ann@example.net", "time_zone": "Europe/Rome"},
}


NAMES = [f"order-{number}" for number in range(30)]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Dying(Urllib3Transport):
    """Kills its process as soon as every workflow has come to the same place around its POST."""

    when = ""
    everyone = Barrier(len(NAMES), action=die)

    def send(self, request: Request, timeout: Timeout | None) -> Response:
        if request.method == "POST" and self.when == "before":
            self.everyone.wait()
        response = super().send(request, timeout)  # within: the server kills us, once all booked
        if request.method == "POST" and self.when == "after":
            self.everyone.wait()
        return response


def booked(api: Api, key: str) -> Program[str]:
    """Book once; where nothing shows that it happened, try once more."""
    try:
        booking = yield from create_once(api, NEW, key)
    except OutcomeUnknown as error:
        if error.found:
            raise
        booking = yield from create_once(api, NEW, key)
    return booking.uid  # type: ignore[union-attr]


def main(url: str, database: str, when: str) -> None:
    DBOS(
        config={
            "name": "calcom-test",
            "system_database_url": f"sqlite:///{database}",
            "run_admin_server": False,
            "application_version": "1",
            "log_level": "ERROR",
        }  # type: ignore[typeddict-unknown-key]
    )
    transport = Dying(allow_http=True, max_connections=len(NAMES))
    transport.when = when

    @DBOS.workflow()
    def book(key: str) -> str:
        return run_durable(booked(Api(ApiKey(KEY), url), key), transport)

    DBOS.launch()
    if when != "recover":
        for name in NAMES:
            with SetWorkflowID(name):
                DBOS.start_workflow(book, name)
    for name in NAMES:
        print(DBOS.retrieve_workflow(name).get_result())
    DBOS.destroy()


if __name__ == "__main__":
    main(*sys.argv[1:])
