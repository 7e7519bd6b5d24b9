"""Callers who never come to the end of a request's head are hung up on; the others are served."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.api.protocolo import BoundedHttp
from app.api.server import ApiServer, open_socket, port_of
from app.main import create_app
from tests.web.apoio import FakeContexto

MIB = 1024 * 1024
WHOLE = b"POST /webhook/botconversa HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"


class Hurried(BoundedHttp):
    patience_s = 0.2


@asynccontextmanager
async def connected(
    contexto: FakeContexto, protocol: type[BoundedHttp]
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    opened = open_socket("127.0.0.1", 0)
    server = ApiServer(create_app(contexto), opened, protocol=protocol)
    await server.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(opened))
    try:
        yield reader, writer
    finally:
        writer.close()
        await server.stop()


async def test_sec_05_a_head_without_an_end_is_not_kept(contexto: FakeContexto) -> None:
    async with connected(contexto, BoundedHttp) as (_, writer):
        writer.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: ")
        with pytest.raises(ConnectionError):
            await _pour(writer, mib=64)


async def _pour(writer: asyncio.StreamWriter, *, mib: int) -> None:
    for _ in range(mib):
        writer.write(b"a" * MIB)
        await writer.drain()


@pytest.mark.parametrize("begun", [b"", b"GET /health HTTP/1.1\r\nHost: "])
async def test_sec_05_a_caller_who_stops_in_the_head_is_hung_up_on(contexto: FakeContexto, begun: bytes) -> None:
    async with connected(contexto, Hurried) as (reader, writer):
        writer.write(begun)
        async with asyncio.timeout(10):
            assert await reader.read() == b""


async def test_bodies_and_further_requests_on_a_connection_are_served(contexto: FakeContexto) -> None:
    async with connected(contexto, Hurried) as (reader, writer):
        for _ in range(2):
            writer.write(WHOLE % MIB + b"x" * MIB)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
