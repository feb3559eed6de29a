"""Inputs and models as frozen values.

A response may lack keys: an older server does not know them yet, a newer one may drop them.
Only the keys that identify a thing are required; null counts as an absent key:

| model | required |
|---|---|
| `Booking` | `uid`, `start`, `end`, `status` |
| `BookingAttendee`, `RemovedAttendee` | `id` |
| `BookingReference` | `type`, `event_uid` |
| `CalendarLink` | `label` |
| `Recording`, `ConferencingSession` | `id` |
| `Reassignment` | `booking_uid` |
| `Reservation` | `reservation_uid` |
| `Slot` | `start` |
| `EventType`, `Me` | `id` |
| `Host`, `Attendee`, `EventTypeRef`, `NewHost`, `Participant`, both paginations | nothing |
| the values within an `EventType` | nothing |

Any other key has a default:

| field | without its key |
|---|---|
| `display_email` | `email` without the suffix of a managed user, as the server computes it |
| `Booking.duration` | the minutes from `start` to `end`, as the server computes it |
| `Booking.location` | `meeting_url`, which the server always made equal |
| `Booking.event_type_id` | the `id` of `event_type` |
| `Booking.hosts`, `Booking.attendees`, `ConferencingSession.participants` | an empty tuple |
| `OffsetPagination.has_next_page` | whether `remaining_items` is above 0; None without that |
| any other | None: the server did not say |

So `absent_host` and `absent` are None, not False, where the server does not say.
`Booking.is_seated` follows from an absent key, as its documentation says.
A page by cursor without `has_more` has a next page if it has a `next_cursor`.
A list without `pagination` raises a `PagingError`, whose `page` has the bookings.
A value of another type raises a `DecodingError`, for every key.
"""
