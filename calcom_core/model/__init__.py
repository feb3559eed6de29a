"""Inputs and models as frozen values.

A response may lack keys: older servers do not have them yet, and newer ones may drop them.
Only the keys that identify an object are required; null counts as absent:

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

Every other field has a default:

| field | default |
|---|---|
| `display_email` | `email` without the suffix of a managed user, as the server computes it |
| `Booking.duration` | the minutes from `start` to `end`, as the server computes it |
| `Booking.location` | `meeting_url`, which the server always made equal |
| `Booking.event_type_id` | the `id` of `event_type` |
| `Booking.hosts`, `Booking.attendees`, `ConferencingSession.participants` | an empty tuple |
| `OffsetPagination.has_next_page` | whether `remaining_items` is above 0; None without that |
| any other | None: unknown |

So `absent_host` and `absent` are None, not False, if the server omits them.
`Booking.is_seated` is inferred from an absent key.
A page by cursor without `has_more` has a next page if it has a `next_cursor`.
A list without `pagination` raises a `PagingError`, whose `page` holds the bookings.
A value of another type raises a `DecodingError`, for every key.
"""
