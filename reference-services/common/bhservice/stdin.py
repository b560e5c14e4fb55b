"""The service ends with its parent: standard input is a pipe which the parent holds open."""
import contextlib
import fcntl
import os
import stat

from twisted.internet import reactor

_STDIN = 0


def is_pipe():
    """True when standard input is a pipe or a socket, so that its end means something."""
    try:
        mode = os.fstat(_STDIN).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


class _Watch(object):
    """A reader for the reactor that stops it at end of file."""

    def fileno(self):
        return _STDIN

    def logPrefix(self):
        return 'stdin'

    def doRead(self):
        if not os.read(_STDIN, 4096):
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


_fatal_depth = 0


@contextlib.contextmanager
def fatal_end_of_file():
    """While this holds, the kernel itself ends the process when standard input ends.

    For a stretch of code that may never give the reactor another turn: asynchronous I/O
    raises SIGIO, whose default action needs no Python to run. Stretches may overlap.
    """
    global _fatal_depth
    if not is_pipe():
        yield
        return
    _fatal_depth += 1
    _set_asynchronous(True)
    try:
        yield
    finally:
        _fatal_depth -= 1
        _set_asynchronous(_fatal_depth > 0)


def _set_asynchronous(wanted):
    fcntl.fcntl(_STDIN, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(_STDIN, fcntl.F_GETFL) & ~os.O_ASYNC
    fcntl.fcntl(_STDIN, fcntl.F_SETFL, flags | (os.O_ASYNC if wanted else 0))
