"""What a service counts where no object of its own tells what was lost."""
import gc

# Requests after which caches are taken to be full.
_WARM_AFTER = 10


def resident():
    """Bytes of the process that are in memory."""
    with open('/proc/self/statm') as statm:
        return int(statm.read().split()[1]) * 4096


def tracked():
    """Objects on the collector's lists."""
    return len(gc.get_objects())


def settled():
    """The same after a full collection: what merely awaits one is no part of it."""
    gc.collect()
    return tracked()


class Gain(object):
    """How much a figure rose since the service was warm. Call `note()` at the end of each request."""

    def __init__(self, measure):
        self._measure = measure
        self._requests = 0
        self._before = None

    def note(self):
        """One request is over."""
        self._requests += 1
        if self._requests == _WARM_AFTER:
            self._before = self._measure()

    def value(self):
        """The figure by now above what it was; 0 before the service is warm."""
        return 0 if self._before is None else self._measure() - self._before
