"""Decodes the bodies of VCR.py: gzip, deflate and brotli, each up to a maximum size.

VCR.py stores a body as the server sent it, and the library stores it decoded. A small compressed
body can expand to gigabytes, so each decoder stops at `MAX_BODY`.
"""

import gzip
import zlib
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from io import BytesIO
from types import ModuleType

MAX_BODY = 16 * 1024 * 1024
"""Bytes of a decoded body, as in the network transports, whose module needs more packages."""


class UndecodableBody(Exception):
    """Describes why a body cannot be decoded, and the way out if there is one."""


def decode_body(body: bytes, coding: str) -> bytes:
    """Return a body without one coding of its `Content-Encoding`, cut after `MAX_BODY` + 1 bytes.

    Raises `UndecodableBody` for an unknown coding, and for a body that is not encoded that way.
    """
    decode = _DECODERS.get(coding)
    if decode is None:
        raise UndecodableBody(
            "has a coding other than gzip, deflate and br; record it with "
            "decode_compressed_response=True"
        )
    try:
        return decode(body)
    except (OSError, EOFError, zlib.error):
        raise UndecodableBody(
            f"is not valid {coding}, which its Content-Encoding names; record it again"
        ) from None


def _decode_gzip(body: bytes) -> bytes:
    with gzip.GzipFile(fileobj=BytesIO(body)) as file:
        return file.read(MAX_BODY + 1)


def _decode_deflate(body: bytes) -> bytes:
    # Many servers omit the header of RFC 1950.
    has_header = body[0] & 15 == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    stream = zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)
    decoded = stream.decompress(body, MAX_BODY + 1)
    if not stream.eof and len(decoded) <= MAX_BODY:
        raise EOFError
    return decoded


def _decode_brotli(body: bytes) -> bytes:
    brotli = _import_brotli()
    if brotli is None:
        raise UndecodableBody("has the coding br; to read it, pip install brotli")
    decompressor = brotli.Decompressor()
    try:
        decoded: bytes = decompressor.process(body, output_buffer_limit=MAX_BODY + 1)
    except TypeError:
        raise UndecodableBody("has the coding br; to read it, pip install 'brotli>=1.2'") from None
    except brotli.error:
        raise EOFError from None
    if not decompressor.is_finished() and len(decoded) <= MAX_BODY:
        raise EOFError
    return decoded


def _import_brotli() -> ModuleType | None:
    for name in ("brotli", "brotlicffi"):
        with suppress(ImportError):
            return import_module(name)
    return None


_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": _decode_gzip,
    "x-gzip": _decode_gzip,
    "deflate": _decode_deflate,
    "br": _decode_brotli,
}
