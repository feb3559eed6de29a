"""A small transport for asyncio, by the streams of the standard library and h11."""

import asyncio
import ssl
from contextlib import suppress
from urllib.parse import urlsplit

import h11

from calcom_core import NoAnswer, NotSent, Request, Response, Timeout


class AsyncioTransport:
    """Each exchange on a connection of its own; http:// goes in clear to whomever it names."""

    def __init__(self, ssl_context: ssl.SSLContext | None = None, max_body: int = 16_777_216):
        self.ssl_context, self.max_body = ssl_context, max_body

    async def send(self, request: Request, timeout: Timeout | None = None) -> Response:
        limits, url = timeout or Timeout(), urlsplit(request.url)
        secure = url.scheme == "https"
        tls = (self.ssl_context or ssl.create_default_context()) if secure else None
        end = asyncio.get_running_loop().time() + limits.total
        http = h11.Connection(h11.CLIENT, max_incomplete_event_size=65_536)
        target = "/" + request.url.partition("#")[0].partition("://")[2].partition("/")[2]
        fields = [("Host", url.netloc), ("Content-Length", str(len(request.body)))]
        fields += [(name, value.encode("latin-1")) for name, value in request.headers]
        asked = h11.Request(method=request.method, target=target, headers=fields)
        wire = [http.send(event) for event in (asked, h11.Data(request.body), h11.EndOfMessage())]
        try:
            async with asyncio.timeout(min(limits.connect, limits.total)):
                address = url.hostname, url.port or (443 if tls else 80)
                reader, writer = await asyncio.open_connection(*address, ssl=tls)
        except OSError as error:  # TimeoutError and SSLError are among them
            raise NotSent(f"no connection to {url.netloc}: {error}", reason="connect") from error
        try:
            async with asyncio.timeout_at(end):
                writer.write(b"".join(wire))  # and read at once: the answer may come first
                return await self.read(http, reader, writer, limits.read)
        except (OSError, h11.RemoteProtocolError) as error:
            raise NoAnswer(f"no answer: {type(error).__name__}", reason="closed") from None
        finally:
            writer.transport.abort()

    async def read(self, http: h11.Connection, reader, writer, patience: float) -> Response:
        head, body = None, bytearray()
        while not isinstance(event := http.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA:
                async with asyncio.timeout(patience):
                    data = await reader.read(65_536)
                if not data and (tls := writer.get_extra_info("ssl_object")):
                    with suppress(ssl.SSLZeroReturnError):  # by which a server says that it closes
                        tls.read(1)  # else TLS that was cut would pass as the end of an answer
                http.receive_data(data)
            elif isinstance(event, h11.Data) and len(body) <= self.max_body:
                body += event.data
            elif getattr(event, "http_version", b"2")[0] == ord("1"):
                head = event  # the last one is that of the answer, after any interim ones
            else:
                raise h11.RemoteProtocolError("not HTTP/1.1, or too much of it")
        return Response(head.status_code, head.headers.raw_items(), bytes(body))
