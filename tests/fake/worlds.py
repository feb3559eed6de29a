"""The servers that were recorded, as far as their recordings tell of them."""

from datetime import UTC, datetime

from attrs import evolve

from calcom_transports.fake import BookingField, EventType, FakeCalcom, Location, Team, User

KEYS = {"alice": "cal_alice", "bob": "cal_bob", "stranger": "cal_stranger"}
USERS = (
    User(1, "Alice Host", "alice", "alice@example.com", key=KEYS["alice"]),
    User(2, "Bob Host", "bob", "bob@example.com", key=KEYS["bob"]),
    User(3, "Carol Stranger", "carol", "carol@example.com", key=KEYS["stranger"]),
)
TEAMS = (Team(1, "Team Rocket", "rocket"),)
LINK = (Location("link", "https://meet.example.com/alice"),)


def event_type(number: int, slug: str, title: str, **settings: object) -> EventType:
    return EventType(number, slug, title, **{"locations": LINK, **settings})  # type: ignore[arg-type]


TOPIC = BookingField("topic", "text", label="Topic")
SIZE = BookingField("size", "select", required=False, label="Size", options=("small", "big"))
EVENT_TYPES = (
    event_type(1, "normal", "Normal"),
    event_type(2, "confirm", "Confirm", requires_confirmation=True),
    event_type(3, "recurring", "Recurring", occurrences=4),
    event_type(4, "seated", "Seated", seats=3),
    event_type(5, "seated-hidden", "Seated Hidden", seats=3, shows_attendees=False),
    event_type(7, "multi-length", "Multi Length", lengths=(15, 30, 60)),
    event_type(9, "phone", "Phone", locations=(Location("attendeePhone"),)),
    event_type(8, "fields", "Fields", booking_fields=(TOPIC, SIZE)),
    event_type(10, "address", "Address", locations=(Location("address", "Street 1, Berlin"),)),
    event_type(11, "notice", "Notice", minimum_notice=2880),
    event_type(12, "bobs", "Bobs", host_ids=(2,)),
    event_type(
        13, "round-robin", "Round Robin", host_ids=(1, 2), team_id=1, scheduling="round_robin"
    ),
    event_type(14, "collective", "Collective", host_ids=(1, 2), team_id=1, scheduling="collective"),
    event_type(6, "recurring-seated", "Recurring Seated", occurrences=4, seats=3),
    event_type(
        15,
        "recurring-seated-strict",
        "Recurring Seated Strict",
        occurrences=4,
        seats=3,
        shows_attendees=False,
    ),
    event_type(16, "no-cancel", "No Cancel", allows_cancelling=False),
    event_type(17, "no-reschedule", "No Reschedule", allows_rescheduling=False),
    event_type(18, "auth-required", "Auth Required", requires_authentication=True),
    event_type(21, "reason-always", "Reason Always", requires_reason="always"),
    event_type(19, "max-active", "Max Active", max_active_bookings=1),
    event_type(20, "reschedule-notice", "Reschedule Notice", reschedule_notice=100000),
)


def community() -> FakeCalcom:
    """Return the community server of the numbered recordings and of the story, before them."""
    return FakeCalcom(
        now=datetime(2026, 11, 22, 16, 2, 59, tzinfo=UTC),
        event_types=EVENT_TYPES,
        hosts=USERS,
        teams=TEAMS,
        webhook_secret="whsec_test_secret",
    )


MEET = (Location("integration", "integrations:coachos_meet"),)


def community_later() -> FakeCalcom:
    """Return the community server of the recordings `live-01` to `live-29`."""
    return FakeCalcom(
        now=datetime(2026, 11, 27, 12, 0, tzinfo=UTC),
        event_types=(
            EventType(1, "normal", "Normal", locations=MEET),
            EventType(3, "recurring", "Recurring", occurrences=4, locations=MEET),
            EventType(15, "long-list", "Long List", length=15, locations=MEET),
            EventType(16, "limits", "Limits", bookings_per_day=1, locations=MEET),
            EventType(
                18,
                "max-active",
                "Max Active",
                max_active_bookings=1,
                offers_reschedule=True,
                locations=MEET,
            ),
            EventType(21, "auth", "Auth", requires_authentication=True, locations=MEET),
        ),
        hosts=(evolve(USERS[0], time_zone="Europe/Rome"), USERS[2]),
        webhook_secret="whsec_test_secret",
    )


TEAM_LINK = (Location("link", "https://meet.example.com/t"),)


def enterprise() -> FakeCalcom:
    """Return the enterprise server, as far as it is no organisation."""
    return FakeCalcom(
        now=datetime(2026, 11, 27, 12, 0, tzinfo=UTC),
        event_types=(
            EventType(24, "video", "Video", host_ids=(5,)),
            EventType(
                47,
                "rr",
                "RR",
                host_ids=(5, 6),
                team_id=2,
                scheduling="round_robin",
                locations=TEAM_LINK,
            ),
            EventType(
                48,
                "coll",
                "COLL",
                host_ids=(5, 6),
                team_id=2,
                scheduling="collective",
                locations=TEAM_LINK,
            ),
        ),
        hosts=(
            evolve(USERS[0], id=5, time_zone="Europe/Rome"),
            evolve(USERS[1], id=6, time_zone="Europe/London"),
            evolve(USERS[2], id=8),
        ),
        teams=(Team(2, "Team One", "one"),),
    )
