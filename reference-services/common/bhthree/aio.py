"""Runs a service on asyncio."""
import asyncio
import os
import signal
import socket

from bhservice.pipe import STDIN, is_pipe
from bhthree import http
from bhthree.contract import end, made, say_ready


class _Connection(asyncio.Protocol):
    """Answers the one request of a connection."""

    def __init__(self, service):
        self._service = service
        self._reader = http.Reader()
        self._transport = None
        self._task = None

    def connection_made(self, transport):
        self._transport = transport

    def data_received(self, data):
        if self._task is None and self._reader.feed(data):
            # Kept here: the loop itself refers to its tasks weakly.
            self._task = asyncio.get_running_loop().create_task(self._answer(self._reader.request))

    async def _answer(self, request):
        status, value = await self._service.answer(request)
        # The client may have gone; the work is done all the same.
        if self._transport is not None:
            self._transport.write(http.answer(status, value))
            self._transport.close()

    def connection_lost(self, error):
        # Each of the three refers to the others.
        self._transport = self._task = None
        if self._service.stopping:
            asyncio.get_running_loop().stop()


def run(service_class):
    """Run a service until it is told to stop or its parent is gone."""
    service = made(service_class)
    listener = socket.create_server(('127.0.0.1', service.settings.port), backlog=128)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(loop.create_server(lambda: _Connection(service), sock=listener))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, loop.stop)
    if is_pipe():
        loop.add_reader(STDIN, lambda: os.read(STDIN, 4096) or loop.stop())
    loop.call_soon(service.started)
    loop.call_soon(say_ready, service, listener.getsockname()[1])
    loop.run_forever()
    end()
