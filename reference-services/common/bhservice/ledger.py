"""The service's own account of what it did wrong: ground truth that no detector reads."""
import json
import os
import stat


def uptime():
    """Seconds since boot: a clock that never goes back and that other processes share."""
    # As bytes: whoever opens a text on CPython 3 leaves a name in the cache of its types each time, which is theirs to keep.
    with open('/proc/uptime', 'rb') as clock:
        return float(clock.read().split()[0])


class Ledger(object):
    """Counts in memory, events in a file.

    The memory it takes does not depend on how many events it saw: a ledger that grew would
    be a leak of our own making in every service.
    """

    def __init__(self, path=None):
        # Unbuffered: an event counts as written even when the process stands still after it.
        self._file = _open_for_owner(path) if path else None
        self.counts = {}

    def count(self, name, by=1):
        """Add to a running total and return it."""
        total = self.counts.get(name, 0) + by
        self.counts[name] = total
        return total

    def event(self, event, **facts):
        """Write one line. ``at`` is in seconds since boot."""
        if self._file is None:
            return
        facts['event'] = event
        facts['at'] = uptime()
        # Unsorted: the encoder that sorts is in Python, and leaves cycles behind.
        self._file.write((json.dumps(facts) + '\n').encode('ascii'))


def _open_for_owner(path):
    # Its owner's only, whatever mask the service was started with. A file that was there is made so
    # too; a pipe or a device is left as it is.
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    state = os.fstat(fd)
    if stat.S_ISREG(state.st_mode) and state.st_uid == os.geteuid():
        os.fchmod(fd, 0o600)
    return os.fdopen(fd, 'ab', 0)
