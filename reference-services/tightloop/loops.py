"""One coroutine a kind of loop: each reads a page of attendees, row by row, until it is done.

Each takes `count`, the number of rows, and gives a Deferred with the rows.
"""
import re

from twisted.internet import defer

from pages import fetch

# Nested repeats: a text that fails to match at its end is split in every way there is.
NAMES = re.compile(r'(\w+ ?)+$')


@defer.inlineCallbacks
def call(count):
    """A function of the page is called each time round: the talk's loop."""
    page = yield fetch(count)
    attendees = []
    last = None
    done = False
    while not done:
        row = page.peek()
        if row is None:
            done = True
        elif row is not last:
            attendees.append(row)
            last = row
    defer.returnValue(attendees)


@defer.inlineCallbacks
def nocall(count):
    """Nothing is called: tracing of calls sees nothing at all."""
    page = yield fetch(count)
    rows = page.rows + [None]
    attendees = []
    position = 0
    last = None
    done = False
    while not done:
        row = rows[position]
        if row is None:
            done = True
        elif row is not last:
            attendees += [row]
            last = row
    defer.returnValue(attendees)


@defer.inlineCallbacks
def counting(count):
    """A number goes up each time round, and nothing else happens."""
    page = yield fetch(count)
    rows = page.rows + [None]
    attendees = []
    position = 0
    tries = 0
    last = None
    done = False
    while not done:
        tries += 1
        row = rows[position]
        if row is None:
            done = True
        elif row is not last:
            attendees += [row]
            last = row
    defer.returnValue(attendees)


@defer.inlineCallbacks
def flipping(count):
    """A value goes to and fro between two."""
    page = yield fetch(count)
    rows = page.rows + [None]
    attendees = []
    position = 0
    shade = 'light'
    last = None
    done = False
    while not done:
        shade = 'dark' if shade == 'light' else 'light'
        row = rows[position]
        if row is None:
            done = True
        elif row is not last:
            attendees += [row]
            last = row
    defer.returnValue(attendees)


@defer.inlineCallbacks
def attribute(count):
    """No local changes, but an attribute of one does."""
    page = yield fetch(count)
    rows = page.rows + [None]
    attendees = []
    last = None
    done = False
    while not done:
        page.looks += 1
        row = rows[page.position]
        if row is None:
            done = True
        elif row is not last:
            attendees += [row]
            last = row
    defer.returnValue(attendees)


@defer.inlineCallbacks
def ccall(count):
    """One call into C that takes minutes: a regular expression that backtracks."""
    page = yield fetch(count)
    attendees = []
    for row in page.rows:
        listed = 'x' * 32 + ' (%s)' % row[1]
        if not NAMES.match(listed):
            attendees.append(row)
    defer.returnValue(attendees)


KINDS = {
    'attribute': attribute,
    'call': call,
    'ccall': ccall,
    'counting': counting,
    'flipping': flipping,
    'nocall': nocall,
}
