"""A page of rows that was fetched, and a place in it."""
from twisted.internet import defer

from bhservice import rows


class Page(object):
    """Rows in memory, read from the first to the last."""

    def __init__(self, fetched):
        self.rows = fetched
        self.position = 0
        self.looks = 0

    def peek(self):
        """The row at the current place, or None past the last."""
        if self.position < len(self.rows):
            return self.rows[self.position]
        return None

    def advance(self):
        """Move to the next row."""
        self.position += 1


@defer.inlineCallbacks
def fetch(count):
    """A Deferred with a page of `count` attendees."""
    cursor = rows.Cursor(count)
    fetched = []
    row = yield cursor.fetchone()
    while row is not None:
        fetched.append(row)
        row = yield cursor.fetchone()
    defer.returnValue(Page(fetched))
