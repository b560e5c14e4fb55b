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
        answer = yield defer.succeed(name)
        if answer == 'none':
            pending.pop()


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
