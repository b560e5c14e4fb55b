"""The "database": a table of attendees, read through a cursor."""
from twisted.internet import defer

from bhservice.clock import turn
from bhservice.table import COLUMNS, attendee

__all__ = ['BATCH', 'COLUMNS', 'Cursor', 'attendee']

# A driver reads ahead this many rows; the reactor gets a turn for each batch.
BATCH = 20


class Cursor(object):
    """Reads a table of `count` attendees from the first row to the last."""

    def __init__(self, count):
        self.count = count
        self.position = 0

    @property
    def exhausted(self):
        """True when every row was fetched."""
        return self.position >= self.count

    def fetchone(self):
        """A Deferred with the next row, or with None after the last.

        Rows read ahead are there at once; the first of a batch takes a turn of the reactor,
        so that requests and background work take turns as they do with a real database.
        """
        if self.exhausted:
            return defer.succeed(None)
        self.position += 1
        number = self.position
        if (number - 1) % BATCH:
            return defer.succeed(attendee(number))
        return turn().addCallback(lambda _: attendee(number))
