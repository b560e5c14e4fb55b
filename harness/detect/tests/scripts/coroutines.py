"""Coroutines that never let the event loop have a turn, since all they wait for is there already: coroutines.py KIND.

Most of the time goes into Twisted's own machinery, which resumes the coroutine; the loop is the coroutine's.
"""
import site
import sys
import os

site.addsitedir(os.environ['PYTHONPATH'])

from twisted.internet import defer, reactor


@defer.inlineCallbacks
def stuck():
    pending = ['first', 'second']
    while pending:
        name = pending[0]
        # What it does with each: a coroutine without any work is hidden behind the machinery that resumes it.
        sum(xrange(1000))
        answer = yield defer.succeed(name)
        if answer == 'none':
            pending.pop()


class Pool(object):
    """Has none to give, and counts who asked."""

    def __init__(self):
        self.free = []
        self.asked = 0

    def take(self):
        self.asked += 1
        return defer.succeed(self.free[0] if self.free else None)

    @defer.inlineCallbacks
    def checkout(self):
        taken = None
        while taken is None:
            taken = yield self.take()


def checked_out():
    Pool().checkout()


@defer.inlineCallbacks
def fetch(number):
    answer = yield defer.succeed(number)
    defer.returnValue([answer])


@defer.inlineCallbacks
def nested():
    done = False
    page = 0
    while not done:
        rows = yield fetch(page)
        for row in rows:
            if row > 5:
                done = True


@defer.inlineCallbacks
def failing():
    while True:
        try:
            yield defer.fail(ValueError('not there'))
        except ValueError:
            continue
        break


@defer.inlineCallbacks
def paging():
    page = 0
    while page < 10 ** 9:
        rows = yield fetch(page)
        page += len(rows)


@defer.inlineCallbacks
def draining():
    pending = [str(number) for number in xrange(3000000)]
    while pending:
        name = pending.pop()
        yield defer.succeed(name)


@defer.inlineCallbacks
def counting():
    for number in xrange(10 ** 9):
        yield defer.succeed(number)


def begin():
    sys.stdout.write('ready\n')
    sys.stdout.flush()
    globals()[sys.argv[1]]()


reactor.callLater(0, begin)
reactor.run()
