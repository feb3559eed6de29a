"""The documented bookings as models of pydantic, as a generator writes them: one for each shape.

Every documented field has its alias and its type; a union holds the shapes.
Times are datetimes like ours, though the document declares strings.
Validate the result of `json.loads`: with a union, pydantic is slower for text.
"""

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")

Status = Literal["cancelled", "accepted", "rejected", "pending", "awaiting_host"]


class Model(BaseModel):
    model_config = ConfigDict(populate_by_name=True)


class BookingHost(Model):
    id: int | str
    name: str | None
    email: str
    display_email: str = Field(alias="displayEmail")
    username: str
    time_zone: str | None = Field(None, alias="timeZone")


class EventType(Model):
    id: int
    slug: str


class BookingAttendee(Model):
    name: str
    email: str
    display_email: str = Field(alias="displayEmail")
    time_zone: str = Field(alias="timeZone")
    language: str | None = None
    absent: bool
    phone_number: str | None = Field(None, alias="phoneNumber")


class SeatedAttendee(Model):
    name: str
    email: str
    display_email: str = Field(alias="displayEmail")
    time_zone: str = Field(alias="timeZone")
    language: str | None = None
    absent: bool
    phone_number: str | None = Field(None, alias="phoneNumber")
    seat_uid: str | None = Field(None, alias="seatUid")
    booking_fields_responses: dict[str, Any] = Field(alias="bookingFieldsResponses")
    metadata: dict[str, Any] | None = None


class BookingBase(Model):
    id: int
    uid: str
    title: str
    description: str | None
    hosts: list[BookingHost]
    status: Status
    cancellation_reason: str | None = Field(None, alias="cancellationReason")
    cancelled_by_email: str | None = Field(None, alias="cancelledByEmail")
    rescheduling_reason: str | None = Field(None, alias="reschedulingReason")
    rescheduled_by_email: str | None = Field(None, alias="rescheduledByEmail")
    rescheduled_from_uid: str | None = Field(None, alias="rescheduledFromUid")
    rescheduled_to_uid: str | None = Field(None, alias="rescheduledToUid")
    start: datetime
    end: datetime
    duration: float
    event_type_id: int | None = Field(alias="eventTypeId")
    event_type: EventType | None = Field(alias="eventType")
    meeting_url: str | None = Field(None, alias="meetingUrl")
    location: str | None
    absent_host: bool = Field(alias="absentHost")
    created_at: datetime = Field(alias="createdAt")
    updated_at: datetime | None = Field(alias="updatedAt")
    metadata: dict[str, Any] | None = None
    rating: int | None = None
    ics_uid: str | None = Field(None, alias="icsUid")
    is_platform_managed_user_booking: bool | None = Field(
        None, alias="isPlatformManagedUserBooking"
    )


class Booking(BookingBase):
    attendees: list[BookingAttendee]
    guests: list[str] | None = None
    booking_fields_responses: dict[str, Any] = Field(alias="bookingFieldsResponses")


class RecurringBooking(BookingBase):
    attendees: list[BookingAttendee]
    guests: list[str] | None = None
    booking_fields_responses: dict[str, Any] = Field(alias="bookingFieldsResponses")
    recurring_booking_uid: str = Field(alias="recurringBookingUid")


class SeatedBooking(BookingBase):
    attendees: list[SeatedAttendee]


class RecurringSeatedBooking(BookingBase):
    attendees: list[SeatedAttendee]
    recurring_booking_uid: str = Field(alias="recurringBookingUid")


AnyBooking = Booking | RecurringBooking | SeatedBooking | RecurringSeatedBooking


class Pagination(Model):
    total_items: int = Field(alias="totalItems", ge=0)
    remaining_items: int = Field(alias="remainingItems", ge=0)
    returned_items: int = Field(alias="returnedItems")
    items_per_page: int = Field(alias="itemsPerPage", ge=1)
    current_page: int = Field(alias="currentPage", ge=0)
    total_pages: int = Field(alias="totalPages", ge=0)
    has_next_page: bool = Field(alias="hasNextPage")
    has_previous_page: bool = Field(alias="hasPreviousPage")


class Envelope(Model, Generic[T]):
    status: Literal["success", "error"]
    data: T
    error: dict[str, Any] | None = None


class GetBookingOutput(
    Envelope[AnyBooking | list[RecurringBooking] | list[RecurringSeatedBooking]]
):
    pass


class GetBookingsOutput(Envelope[list[AnyBooking]]):
    pagination: Pagination
