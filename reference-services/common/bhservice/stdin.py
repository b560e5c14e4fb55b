"""The service ends with its parent: standard input is a pipe which the parent holds open."""
import os

from twisted.internet import reactor

from bhservice.pipe import STDIN, fatal_end_of_file, is_pipe

__all__ = ['fatal_end_of_file', 'is_pipe', 'stop_at_end_of_file']


class _Watch(object):
    """A reader for the reactor that stops it at end of file."""

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


def stop_at_end_of_file():
    """Stop the reactor when the parent closes our standard input."""
    if is_pipe():
        reactor.addReader(_Watch())
