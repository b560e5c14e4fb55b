"""Waiting, without blocking the reactor."""
from twisted.internet import defer, reactor


def sleep(span):
    """A Deferred that fires after `span` seconds."""
    fired = defer.Deferred()
    reactor.callLater(span, fired.callback, None)
    return fired


def turn():
    """A Deferred that fires in the reactor's next turn, before it reads and writes again."""
    return sleep(0)
