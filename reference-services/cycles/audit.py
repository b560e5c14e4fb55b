"""The background audit: looks at a few attendees every now and then, and forgets them."""
from twisted.internet import defer

from bhservice import rows
from bhservice.clock import sleep
from people import Attendee


class Audit(object):
    """Makes `cycles` pairs of attendee and address in each of `ticks` ticks (0: for ever)."""

    def __init__(self, ledger, cycles, ticks, pause):
        self.ledger = ledger
        self.cycles = cycles
        self.ticks = ticks
        self.pause = pause
        self.running = False

    @defer.inlineCallbacks
    def run(self):
        """Audit until the last tick is done; the pause comes before each tick."""
        self.running = True
        tick = 0
        while tick < self.ticks or not self.ticks:
            yield sleep(self.pause)
            tick += 1
            for number in xrange(self.cycles):
                row = rows.attendee(number)
                Attendee(row[1], row[3])
            class_made_in_a_function(tick)
            self.ledger.count('audit_ticks')
            self.ledger.count('cycles_made', self.cycles)
            self.ledger.count('classes_made')
        self.running = False
        self.ledger.event('audit_finished', ticks=tick)


def class_made_in_a_function(tick):
    """Make a class and drop it: a cycle nobody wrote, since its ``__mro__`` names it.

    No finalizer is in it, so the collector takes it when it comes by.
    """
    class Finding(object):
        number = tick

    return Finding().number
