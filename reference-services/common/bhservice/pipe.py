"""Standard input as a pipe that the parent holds open: its end means that the parent is gone. Needs no Twisted."""
import contextlib
import fcntl
import os
import stat

STDIN = 0


def is_pipe():
    """True when standard input is a pipe or a socket, so that its end means something."""
    try:
        mode = os.fstat(STDIN).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


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
    fcntl.fcntl(STDIN, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(STDIN, fcntl.F_GETFL) & ~os.O_ASYNC
    fcntl.fcntl(STDIN, fcntl.F_SETFL, flags | (os.O_ASYNC if wanted else 0))
