"""Hands blocking calls to eventlet's pool of threads; each call fails, and the failure is dealt with."""
import gc
import sys

from bhplain import Service, run
from eventlet import tpool


class Order(object):
    """What a call works on."""


def refuse(order):
    """A call that fails."""
    raise ValueError('no stock')


class Calls(Service):
    """One call a request; the pool has twenty threads."""

    name = 'eventlet_tpool'

    def started(self):
        self.failed = 0
        # What the threads keep hangs on cycles of a traceback: only the pool's own hold is to be seen.
        gc.collect()
        gc.disable()

    def work(self, request):
        try:
            tpool.execute(refuse, Order())
        except ValueError:
            self.failed += 1
        sys.exc_clear()

    def facts(self):
        alive = sum(1 for one in gc.get_objects() if type(one) is Order)
        return {'calls_failed': self.failed, 'orders_alive': alive}


if __name__ == '__main__':
    run(Calls)
