"""One function for each operation on bookings; each returns an `Operation` and does nothing.

The API decides by the event type, not by the route, what it answers with; so there is a function
for what it may do (`get`, `create`, `cancel`), and one for each certain thing
(`get_one`, `get_series`, `create_recurring`, `cancel_seat`, …).
`attendees` and `guests` have the operations on the people of one booking.
`data` is a typed input of `calcom_core.model.inputs`, or a mapping of the same keys.
What a docstring says of the result, and of errors other than `InvalidInput`, is what
`Operation.read` makes of the answer; a client's method of the same name returns and raises it.
Times are aware datetimes or strings of ISO 8601 with an offset.
"""

from calcom_core.bookings import attendees as attendees
from calcom_core.bookings import guests as guests
from calcom_core.bookings.changing import cancel as cancel
from calcom_core.bookings.changing import cancel_seat as cancel_seat
from calcom_core.bookings.changing import confirm as confirm
from calcom_core.bookings.changing import decline as decline
from calcom_core.bookings.changing import mark_absent as mark_absent
from calcom_core.bookings.changing import reassign as reassign
from calcom_core.bookings.changing import reassign_to_user as reassign_to_user
from calcom_core.bookings.changing import request_reschedule as request_reschedule
from calcom_core.bookings.changing import reschedule as reschedule
from calcom_core.bookings.changing import reschedule_seat as reschedule_seat
from calcom_core.bookings.changing import update_location as update_location
from calcom_core.bookings.creating import create as create
from calcom_core.bookings.creating import create_instant as create_instant
from calcom_core.bookings.creating import create_recurring as create_recurring
from calcom_core.bookings.reads import calendar_links as calendar_links
from calcom_core.bookings.reads import conferencing_sessions as conferencing_sessions
from calcom_core.bookings.reads import get as get
from calcom_core.bookings.reads import get_by_seat as get_by_seat
from calcom_core.bookings.reads import get_one as get_one
from calcom_core.bookings.reads import get_series as get_series
from calcom_core.bookings.reads import list as list
from calcom_core.bookings.reads import recordings as recordings
from calcom_core.bookings.reads import references as references
from calcom_core.bookings.reads import transcripts as transcripts
