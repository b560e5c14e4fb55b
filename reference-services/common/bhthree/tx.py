"""Runs a service on Twisted, with its reactor and its sockets, and without twisted.web."""
import os
import sys

from twisted.internet import defer, protocol, reactor
from twisted.logger import LogLevel, formatEvent, globalLogBeginner

from bhservice.pipe import STDIN, is_pipe
from bhthree import http
from bhthree.contract import end, made, say_ready


class _Connection(protocol.Protocol):
    """Answers the one request of a connection."""

    def __init__(self, service):
        self._service = service
        self._reader = http.Reader()
        self._asked = False

    def dataReceived(self, data):
        if not self._asked and self._reader.feed(data):
            self._asked = True
            answer = self._service.answer(self._reader.request)
            defer.ensureDeferred(answer).addCallback(self._answered)

    def _answered(self, answered):
        # The client may have gone; the work is done all the same.
        if self.transport is not None:
            self.transport.write(http.answer(*answered))
            self.transport.loseConnection()

    def connectionLost(self, reason):
        # Protocol and transport refer to each other.
        self.transport = None
        if self._service.stopping:
            reactor.stop()


class _Factory(protocol.Factory):
    noisy = False

    def __init__(self, service):
        self._service = service

    def buildProtocol(self, address):
        return _Connection(self._service)


class _Parent:
    """A reader for the reactor that stops it at the end of standard input."""

    def fileno(self):
        return STDIN

    def logPrefix(self):
        return 'stdin'

    def doRead(self):
        if not os.read(STDIN, 4096):
            self.connectionLost(None)

    def connectionLost(self, reason):
        # Both a read of nothing and a hang-up event lead here, in either order.
        reactor.removeReader(self)
        if reactor.running:
            reactor.stop()


def run(service_class):
    """Run a service until it is told to stop or its parent is gone."""
    service = made(service_class)
    _log_errors_to_stderr()
    port = reactor.listenTCP(service.settings.port, _Factory(service), interface='127.0.0.1', backlog=128)
    if is_pipe():
        reactor.addReader(_Parent())
    reactor.callWhenRunning(service.started)
    reactor.callWhenRunning(say_ready, service, port.getHost().port)
    reactor.run()
    end()


def _log_errors_to_stderr():
    # Until logging begins, Twisted keeps up to 200 events in memory.
    def observe(event):
        if event.get('log_level', LogLevel.info) >= LogLevel.warn:
            sys.stderr.write(formatEvent(event) + '\n')
            failure = event.get('log_failure')
            if failure is not None:
                sys.stderr.write(failure.getTraceback())

    globalLogBeginner.beginLoggingTo([observe], discardBuffer=True, redirectStandardIO=False)
