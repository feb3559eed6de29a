"""What goes in and what comes out, as frozen values.

A response may lack keys: an older server does not know them yet, a newer one may drop them.
Required is what identifies a thing; null means the same as no key, and is no value of these:

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

A value takes the place of any other key:

| field | without its key |
|---|---|
| `display_email` | `email` without the suffix of a managed user, as the server computes it |
| `Booking.duration` | the minutes from `start` to `end`, as the server computes it |
| `Booking.location` | `meeting_url`, which the server always made equal |
| `Booking.event_type_id` | the `id` of `event_type` |
| `Booking.hosts`, `Booking.attendees`, `ConferencingSession.participants` | an empty tuple |
| `OffsetPagination.has_next_page` | whether `remaining_items` is above 0; None without that |
| any other | None, which says no more than that the server did not say |

So `absent_host` and `absent` are None, not False, where the server does not say.
`Booking.is_seated` is told by a key that is missing, and says how.
A page by cursor that does not say `has_more` leads on where it has a `next_cursor`.
A list without `pagination` is a `PagingError`, whose `page` has the bookings.
A value of another type is a `DecodingError`, whichever key it has.
"""
