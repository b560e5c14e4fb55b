"""Kinds that look busy or stuck, and are not."""
import threading
import time

from twisted.internet import defer

from bhservice.clock import sleep
from kind import Kind


class Compute(Kind):
    """A long computation in the reactor's thread that gets on with every step."""

    modulus = 2 ** 61 - 1

    def work(self):
        total = 1
        steps = 0
        end = time.time() + self.settings.seconds
        while time.time() < end:
            for number in xrange(1000):
                total = (total * 6364136223846793005 + number) % self.modulus
            steps += 1
        self.ledger.count('steps', steps)


class Iterator(Kind):
    """One frame consumes a long iterator and calls nothing."""

    def work(self):
        items = self.settings.items or 150000000
        total = 0
        for number in xrange(items):
            total += number & 7
        self.ledger.count('items', items)
        self.ledger.event('consumed', total=total)


class LongCall(Kind):
    """One long call into C that comes to its end."""

    def work(self):
        items = self.settings.items or 500000000
        total = sum(xrange(items))
        self.ledger.count('items', items)
        self.ledger.event('consumed', total=total)


class SleepPoll(Kind):
    """Waits for something that never comes, asleep most of the time."""

    def __init__(self, settings, ledger):
        Kind.__init__(self, settings, ledger)
        self.done = False
        self.polls = 0

    def started(self):
        if self.settings.poll == 'reactor':
            self.poll_in_reactor()
        else:
            poller = threading.Thread(target=self.poll_in_thread, name='poller')
            poller.daemon = True
            poller.start()

    @defer.inlineCallbacks
    def poll_in_reactor(self):
        while not self.done:
            self.polls += 1
            yield sleep(self.settings.poll_pause)

    def poll_in_thread(self):
        while not self.done:
            self.polls += 1
            time.sleep(self.settings.poll_pause)

    def facts(self):
        return {'polls': self.polls}
