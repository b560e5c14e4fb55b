"""Takes tracing into threads that ran before it began.

Python 2.7 sets a trace function for the running thread only, so each thread has to do it
itself. New ones do: `threading.settrace` sees to that. Of those that run already, Twisted's
pool workers do with their next piece of work, and any other after it next waits for a queue,
a condition or an event, or sleeps by `time.sleep`: while somebody reads the trace, these call
`run.join` at their end, in the thread that has waited. While it waits it has no trace
function, so none is left in it when tracing is switched off meanwhile.

A thread that never waits in one of these ways is not reached; how many those are is told.
To write into another thread's state with `ctypes` is no way: the interpreter's count of
traced threads is out of reach, and a wrong count leaves tracing on, or off, for good.
"""
from __future__ import absolute_import

import Queue
import sys
import thread
import threading
import time

from diagnostics import own

# Where threads wait, by way of Python code or a name that is looked up at each call.
WAITS = ((Queue.Queue, 'get'), (threading._Condition, 'wait'), (time, 'sleep'))


class Reach(object):
    """For one run: `run.join()` and `run.part()` are called in threads, `run.enter` traces them."""

    def __init__(self, reactor, run):
        self._pool = getattr(reactor, 'threadpool', None)
        self._run = run
        self._main = thread.get_ident()
        self._put = []

    def enter(self):
        """In the main thread: from here on threads are reached."""
        threading.settrace(self._run.enter)
        for owner, name in WAITS:
            self._put.append((owner, name) + _wait_untraced(self._run, owner, name))
        if self._pool is not None:
            give, run = self._pool.callInThreadWithCallback, self._run

            def traced(result, work, *args, **kwargs):
                def work_traced(*args, **kwargs):
                    sys.settrace(run.enter)
                    try:
                        return work(*args, **kwargs)
                    finally:
                        sys.settrace(None)
                return give(result, work_traced, *args, **kwargs)
            self._pool.callInThreadWithCallback = traced

    def leave(self):
        """Put everything back, unless somebody else has put something in its place."""
        threading.settrace(None)
        for owner, name, original, ours in self._put:
            if owner.__dict__.get(name) is ours:
                setattr(owner, name, original)
        self._put = []
        if self._pool is not None:
            del self._pool.callInThreadWithCallback
            self._pool = None

    def missing(self, reached):
        """How many threads of the service's are not reached, given those that are."""
        workers = set(worker.ident for worker in self._pool.threads) if self._pool else set()
        reached = workers.union(reached, [self._main])
        return len([ident for ident, frame in sys._current_frames().items()
                    if ident not in reached and not own.is_own_thread(frame)])


def _wait_untraced(run, owner, name):
    original = owner.__dict__[name]

    def waiting(*args, **kwargs):
        run.part()
        try:
            return original(*args, **kwargs)
        finally:
            run.join()
    setattr(owner, name, waiting)
    return original, waiting
