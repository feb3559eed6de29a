"""The user of the credentials, and the event types of a user.

One event type shows its hidden fields, which the list leaves out.
"""

from calcom_transports.fake.call import Call, ok
from calcom_transports.fake.refusals import NotRecorded
from calcom_transports.fake.rendering import Json, event_type_json, me_json


def me(call: Call) -> Json:
    """`GET /v2/me`."""
    return ok(me_json(call.user))


def list_event_types(call: Call) -> Json:
    """`GET /v2/event-types`, of the caller or of *username*; those of teams are not listed."""
    if not call.query.keys() <= {"username", "eventSlug"}:
        raise NotRecorded("event_types.list with another query than username and eventSlug")
    username, slug = call.text("username"), call.text("eventSlug")
    if username is None:
        if call.caller is None:
            raise NotRecorded("event_types.list without credentials and without username")
        owner = call.caller
    else:
        found = [user for user in call.state.users.values() if user.username == username]
        if not found:
            raise NotRecorded("event_types.list of an unknown user")
        [owner] = found
    return ok(
        [
            event_type_json(call.state, event_type)
            for event_type in call.state.event_types.values()
            if event_type.team_id is None
            and event_type.host_ids[0] == owner.id
            and slug in (None, event_type.slug)
        ]
    )


def get_event_type(call: Call) -> Json:
    """`GET /v2/event-types/{event_type_id}`, of the caller's own."""
    given = call.params["event_type_id"]
    event_type = call.state.event_types.get(int(given)) if given.isdigit() else None
    if event_type is None or event_type.team_id is not None or not call.hosts(event_type):
        raise NotRecorded("event_types.get of an event type that is not the caller's own")
    return ok(event_type_json(call.state, event_type, hidden=True))
