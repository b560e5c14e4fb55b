"""Reference service `twisted-canceller`: no collector, and a Twisted whose every coroutine leaves a cycle behind.

Whoever is sure that a program makes no cycles may switch the collector off, as services with many objects do to save its
pauses. Up to Twisted 21.7, the Deferred of an `inlineCallbacks` and its canceller refer to each other, for ever; by 25.5 a
Deferred forgets its canceller once it has fired. This service is the same on both.
"""
import gc

from twisted.internet import defer, reactor, task

from bhservice.table import attendee
from bhthree import tx
from bhthree.contract import Service


@defer.inlineCallbacks
def looked_up(number):
    """A Deferred with row `number`; one in twenty takes a turn of the reactor."""
    if number % 20 == 0:
        yield task.deferLater(reactor, 0, int)
    else:
        yield defer.succeed(None)
    return attendee(number)


class Canceller(Service):
    """The names of attendees, each looked up by a coroutine of its own."""

    name = 'twisted-canceller'

    def started(self):
        gc.collect()
        gc.disable()

    async def work(self, request):
        names = []
        for number in range(1, self.settings.rows + 1):
            row = await looked_up(number)
            names.append(row[1])
        return {'names': names}

    def facts(self):
        return {'tracked': len(gc.get_objects()), 'collector_on': int(gc.isenabled())}


if __name__ == '__main__':
    tx.run(Canceller)
