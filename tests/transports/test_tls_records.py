"""TLS records are returned one at a time, however they arrive."""

from typing import Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from calcom_transports.tls_records import TlsRecordStream


class Arriving:
    """A stream that returns one of the given pieces for each read."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.events: list[object] = []

    async def receive_some(self, max_bytes: int) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    async def send_all(self, data: bytes) -> None:
        self.events.append(data)

    async def wait_send_all_might_not_block(self) -> None:
        self.events.append("waited")

    async def aclose(self) -> None:
        self.events.append("closed")


def record(content: bytes) -> bytes:
    return b"\x17\x03\x03" + len(content).to_bytes(2) + content


async def given_by(records: TlsRecordStream) -> list[bytes]:
    pieces = []
    while piece := await records.receive_some(32_768):
        pieces.append(piece)
    return pieces


def read(*pieces: bytes) -> list[bytes]:
    stream: Any = Arriving(*pieces)
    return trio.run(given_by, TlsRecordStream(stream))


ONE, OTHER = record(b"one"), record(bytes(16_000))


def test_two_records_received_at_once_are_returned_one_by_one() -> None:
    assert read(ONE + OTHER) == [ONE, OTHER]


def test_a_record_received_in_parts_is_returned_in_parts() -> None:
    assert read(OTHER[:9], OTHER[9:] + ONE[:2], ONE[2:]) == [OTHER[:9], OTHER[9:], ONE]


def test_a_header_received_in_parts_is_completed_first() -> None:
    assert read(ONE[:1], ONE[1:4], ONE[4:]) == [ONE]


def test_no_part_of_an_incomplete_header_is_returned() -> None:
    assert read(ONE + OTHER[:4]) == [ONE]


def test_unread_bytes_can_be_seen() -> None:
    async def seen() -> bytes:
        stream: Any = Arriving(ONE + OTHER)
        records = TlsRecordStream(stream)
        await records.receive_some()
        return bytes(records.unread)

    assert trio.run(seen) == OTHER


def test_sent_bytes_are_unchanged() -> None:
    stream: Any = Arriving()

    async def send() -> None:
        records = TlsRecordStream(stream)
        await records.send_all(b"x")
        await records.wait_send_all_might_not_block()
        await records.aclose()

    trio.run(send)
    assert stream.events == [b"x", "waited", "closed"]


def test_a_check_runs_once_before_the_next_byte_and_can_prevent_it() -> None:
    stream: Any = Arriving()
    records = TlsRecordStream(stream)

    def note() -> None:
        stream.events.append("checked")

    def refuse() -> None:
        raise ConnectionError

    async def send() -> None:
        records.before_next_byte = note
        await records.send_all(b"x")
        await records.send_all(b"y")
        records.before_next_byte = refuse
        with pytest.raises(ConnectionError):
            await records.send_all(b"z")

    trio.run(send)
    assert stream.events == ["checked", b"x", b"y"]


def test_a_cancelled_task_sends_nothing_and_checks_nothing() -> None:
    stream: Any = Arriving()
    records = TlsRecordStream(stream)

    async def send() -> None:
        records.before_next_byte = lambda: stream.events.append("checked")
        with trio.CancelScope() as scope:
            scope.cancel()
            await records.send_all(b"x")
        assert scope.cancelled_caught

    trio.run(send)
    assert stream.events == []


@given(st.lists(st.binary(max_size=40), max_size=6), st.lists(st.integers(1, 50)))
def test_no_piece_holds_bytes_of_two_records(contents: list[bytes], cuts: list[int]) -> None:
    records = [record(content) for content in contents]
    wire, arriving = b"".join(records), []
    for cut in cuts:
        arriving.append(wire[:cut])
        wire = wire[cut:]
    given_pieces = read(*[piece for piece in [*arriving, wire] if piece])
    for whole in records:
        piece = b""
        while len(piece) < len(whole):
            piece += given_pieces.pop(0)
        assert piece == whole
    assert given_pieces == []
