"""Tracing into a named pipe whose reader comes and goes.

States: `off`; `waiting`, switched on but nobody reads: no trace function is set, a helper
thread sleeps in the kernel until the pipe has a reader; `tracing`. Nothing ever waits for
the reader: what does not fit into the pipe is dropped and counted.

Traced code runs many times slower. So the main thread is traced in bursts of a few thousand
events, and rests in between, nine times as long as the burst took: every event of a burst
is there, and the service keeps about nine tenths of its speed. `trace on full` never rests.

A line for each event, its fields parted by tabs:

    c|l|r|e  microseconds  thread  line  file  function     call, line, return, exception
    s        microseconds  events  dropped                  totals so far, every 0.25 s
    p        microseconds  rested                           a rest of that many microseconds ends
    #        text                                           for people; `# untraced N` for tools

Each line stands by itself, so a reader may join or miss some at any point.
"""
from __future__ import absolute_import

import contextlib
import errno
import fcntl
import os
import signal
import stat
import sys
import thread
import time

from diagnostics import own
from diagnostics.private import Refused, close_on_exec
from diagnostics.reach import Reach

PIPE = 'trace.fifo'
# Linux: a write of at most PIPE_BUF bytes to a pipe goes in whole or not at all.
PIPE_BUF = 4096
# Linux: F_SETPIPE_SZ. Room for some ten thousand events while the reader is busy; what an
# ordinary user may ask for by default (/proc/sys/fs/pipe-max-size).
F_SETPIPE_SZ = 1031
PIPE_BYTES = 1024 * 1024
LINES_TOGETHER = 32
FLUSH_SECONDS = 0.25
BURST_EVENTS = 4096
# How long a rest is, in CPU time that the burst took.
REST_TIMES = 9.0
LABEL_MAX = 300
LABELS_MAX = 20000


class Tracer(object):
    """The switch. `wake` is a signal whose handler calls `attend` in the main thread."""

    def __init__(self, reactor, directory, name, wake):
        self._reactor = reactor
        self._directory = directory
        self._name = name
        self._wake = wake
        self._made = None
        self._path = None
        self._pipe = None
        self._null = None
        self._waiter = 0
        self._opened = None
        self._run = None
        self._full = False
        self._attending = thread.allocate_lock()
        # True from the sending of a signal of our own until its handler runs.
        self.waking = False
        self.state = 'off'
        self.events = 0
        self.dropped = 0

    def status(self):
        """What is on, and the figures of this run."""
        run = self._run
        return {'state': self.state, 'pipe': self._path, 'full': self._full,
                'events': self.events + (run.events if run else 0),
                'dropped': self.dropped + (run.dropped if run else 0)}

    def switch_on(self, full=False):
        """Make the pipe and wait for a reader; `full` traces without rests."""
        with self._alone():
            if self.state != 'off' and full != self._full:
                raise Refused('tracing is on already, %s rests' % (
                    'without' if self._full else 'with'))
            self._full = full
            self._switch_on()
        self.attend()
        return {'trace': self.status()}

    @contextlib.contextmanager
    def _alone(self):
        if not self._attending.acquire(False):
            raise Refused('tracing is being switched this moment; try again')
        try:
            yield
        finally:
            self._attending.release()

    def _switch_on(self):
        if self.state == 'off':
            if sys.gettrace() is not None:
                raise Refused('another trace function is set (a debugger, a coverage tool)')
            if signal.getsignal(signal.SIGPIPE) != signal.SIG_IGN:
                raise Refused('SIGPIPE is not ignored: a reader that goes would end the service')
            self._path = self._directory.pipe(PIPE)
            self._made = self._directory.identity(PIPE)
            if self._pipe is None:
                # This descriptor is never closed, only pointed elsewhere (dup2): a thread
                # in the middle of a write can't hit a number that means something else.
                self._null = close_on_exec(os.open(os.devnull, os.O_WRONLY))
                self._pipe = close_on_exec(os.dup(self._null))
            self.events = self.dropped = 0
            self._wait()

    def switch_off(self):
        """Stop and remove the pipe."""
        with self._alone():
            if self.state != 'off':
                self._stop()
                self.state = 'off'
                self._waiter += 1
                self._release_waiter()
                self._directory.remove(PIPE, self._made)
                self._path = None
        return {'trace': self.status()}

    def toggle(self):
        """The other of on and off."""
        return self.switch_on() if self.state == 'off' else self.switch_off()

    def attend(self):
        """In the main thread: begin when a reader has come, go quiet when it has gone."""
        # Called by the reactor and by the signal handler, which may interrupt the former
        # anywhere: whoever holds the lock looks again before leaving.
        while self._pending() and self._attending.acquire(False):
            try:
                if self.state == 'waiting':
                    opened, self._opened = self._opened, None
                    self._begin(opened)
                elif self._run.over:
                    self._stop()
                    self._wait()
                else:
                    self._run.end_rest()
                    self._trace_here(self._run)
            finally:
                self._attending.release()

    def _pending(self):
        run = self._run
        if self.state == 'tracing':
            return run is not None and (run.over or run.rested)
        return self.state == 'waiting' and self._opened is not None

    def _wait(self):
        self.state = 'waiting'
        self._waiter += 1
        thread.start_new_thread(self._open_when_read, (self._waiter, self._path))

    def _open_when_read(self, waiter, path):
        # The helper thread. To open a pipe for writing waits for a reader, in the kernel.
        while waiter == self._waiter:
            try:
                fd = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
            except OSError as error:
                if error.errno == errno.EINTR:
                    continue
                return
            if waiter != self._waiter or not stat.S_ISFIFO(os.fstat(fd).st_mode):
                os.close(fd)
                return
            close_on_exec(fd)
            fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_NONBLOCK)
            try:
                fcntl.fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES)
            except IOError:
                # The user's pipes may take no more memory: the ordinary size will do.
                pass
            self._opened = fd
            self._call_main()
            return

    def _release_waiter(self):
        # A reader for a moment lets the helper thread return; it sees that it is not wanted.
        try:
            os.close(os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW))
        except OSError:
            pass
        opened, self._opened = self._opened, None
        if opened is not None:
            os.close(opened)

    def _call_main(self):
        # An idle reactor is woken by the call, a starved one is interrupted by the signal.
        self._reactor.callFromThread(self.attend)
        self.waking = True
        os.kill(os.getpid(), self._wake)

    def _begin(self, fd):
        os.dup2(fd, self._pipe)
        close_on_exec(self._pipe)
        os.close(fd)
        run = _Run(self._pipe, self._reactor, self._call_main, rests=not self._full)
        self._run = run
        self.state = 'tracing'
        run.say('# bloathound-trace 1 pid %d service %s\n' % (os.getpid(), self._name))
        run.reach.enter()
        run.say_untraced()
        self._reactor.callFromThread(self._beat, run)
        self._trace_here(run)

    def _trace_here(self, run):
        # Frames that run already have no trace function of their own; without one they
        # would show nothing until they return, and a starved loop never does.
        traced = run.local(thread.get_ident())
        for frame in own.frames_above(sys._getframe()):
            frame.f_trace = traced
        sys.settrace(run.enter)

    def _stop(self):
        sys.settrace(None)
        run, self._run = self._run, None
        if run is None:
            return
        run.reach.leave()
        run.end()
        for frame in own.frames_above(sys._getframe()):
            frame.f_trace = None
        run.flush(thread.get_ident())
        os.dup2(self._null, self._pipe)
        close_on_exec(self._pipe)
        self.events += run.events
        self.dropped += run.dropped

    def _beat(self, run):
        # Tells the reader that an idle service is alive, and us that the reader is gone.
        if run is self._run and not run.over:
            run.flush(thread.get_ident())
            run.pulse()
            run.say_untraced()
            self._reactor.callLater(FLUSH_SECONDS, self._beat, run)


class _Run(object):
    """Events from the coming of one reader to its going."""

    def __init__(self, pipe, reactor, call_main, rests):
        self._pipe = pipe
        self._main = thread.get_ident()
        self._resting_thread = self._main if rests else None
        self._burst_left = BURST_EVENTS
        self._burst_began = time.clock()
        self._rest_began = None
        self._rests = thread.allocate_lock()
        self._rests.acquire()
        self._rest_seconds = 0.0
        self.reach = Reach(reactor, self)
        if rests:
            thread.start_new_thread(self._time_rests, ())
        self._call_main = call_main
        self._locals = {}
        self._lines = {}
        self._labels = {}
        self._start = time.time()
        self._told = 0
        self._due = 0.0
        self.over = False
        self.resting = False
        self.rested = False
        self.events = 0
        self.dropped = 0

    def _time_rests(self):
        # The helper thread: sleeps while the main thread rests, and otherwise until it does.
        while not self.over:
            self._rests.acquire()
            time.sleep(self._rest_seconds)
            if self.resting:
                self.rested = True
                self._call_main()

    def _rest(self):
        # In the thread that rests, from its own trace function.
        self._rest_began = time.time()
        self._rest_seconds = REST_TIMES * max(0.001, time.clock() - self._burst_began)
        self.resting = True
        sys.settrace(None)
        try:
            self._rests.release()
        except thread.error:
            # The signal handler ended the run between these two lines.
            pass

    def end_rest(self):
        """In the thread that rested: the next burst begins."""
        rested = max(0.0, time.time() - self._rest_began)
        self.rested = self.resting = False
        self._burst_left = BURST_EVENTS
        self._burst_began = time.clock()
        self.say('p\t%d\t%d\n' % ((time.time() - self._start) * 1000000, rested * 1000000))

    def end(self):
        """No more events; the helper thread leaves."""
        self.over = True
        self.resting = False
        self._rest_seconds = 0.0
        if self._resting_thread is not None:
            # Either it waits for the next rest, or it sleeps and finds the lock open then.
            self._rests.acquire(False)
            self._rests.release()

    def part(self):
        """In a thread that is about to wait: it does so without a trace function."""
        if sys.gettrace() == self.enter and thread.get_ident() != self._main:
            self.flush(thread.get_ident())
            sys.settrace(None)

    def join(self):
        """In a thread that has waited: it is traced from here on."""
        ident = thread.get_ident()
        if self.over or ident == self._main or sys.gettrace() is not None:
            return
        if own.is_own_thread(sys._getframe()):
            # The helper thread, which sleeps while tracing rests.
            return
        is_new = ident not in self._locals
        traced = self.local(ident) if is_new else self._locals[ident]
        for frame in own.frames_above(sys._getframe()):
            frame.f_trace = traced
        if is_new:
            self.say_untraced()
        sys.settrace(self.enter)

    def say_untraced(self):
        """How many threads are not reached (yet)."""
        self.say('# untraced %d\n' % self.reach.missing(self._locals))

    def enter(self, frame, event, arg):
        """The trace function of a thread: called for each call."""
        if self.over:
            return self._leave()
        if self.resting or own.is_own(frame):
            return None
        ident = thread.get_ident()
        local = self._locals.get(ident)
        if local is None:
            local = self.local(ident)
        return local(frame, event, arg)

    def local(self, ident):
        """The trace function of a thread's frames, with the thread's own buffer."""
        lines = self._lines.setdefault(ident, [])
        put, labels, start, clock = lines.append, self._labels, self._start, time.time
        due, resting_thread = [clock() + FLUSH_SECONDS], self._resting_thread

        def local(frame, event, arg):
            if self.over:
                return self._leave()
            if self.resting:
                return None
            code = frame.f_code
            now = clock()
            put('%s\t%d\t%d\t%d\t%s\n' % (
                event[0], (now - start) * 1000000, ident, frame.f_lineno,
                (labels.get(id(code)) or self._label(code))[0]))
            if event == 'return' and own.is_last(frame):
                return self._end_thread(ident)
            if len(lines) >= LINES_TOGETHER or now > due[0]:
                due[0] = now + FLUSH_SECONDS
                self.flush(ident)
                if ident == resting_thread:
                    self._burst_left -= LINES_TOGETHER
                    if self._burst_left <= 0:
                        self._rest()
                        return None
            return local
        self._locals[ident] = local
        return local

    def _end_thread(self, ident):
        # A thread that ends with its trace function set would slow all others down for ever:
        # the interpreter counts it as traced still.
        sys.settrace(None)
        self.flush(ident)
        self._locals.pop(ident, None)
        self._lines.pop(ident, None)

    def _leave(self):
        # A frame may still have this run's function while the next run traces its thread.
        if sys.gettrace() == self.enter:
            sys.settrace(None)

    def _label(self, code):
        if len(self._labels) >= LABELS_MAX:
            self._labels.clear()
        name = code.co_filename[-LABEL_MAX:].encode('string_escape')
        # The code object is kept: its `id` stays its own.
        label = ('%s\t%s' % (name, code.co_name[:LABEL_MAX]), code)
        self._labels[id(code)] = label
        return label

    def flush(self, ident):
        """Hand the lines of the calling thread to the pipe, or drop and count them."""
        lines = self._lines.get(ident)
        if not lines:
            return
        data, count = ''.join(lines), len(lines)
        del lines[:]
        self.events += count
        if len(data) <= PIPE_BUF:
            if not self.say(data):
                self.dropped += count
            return
        for line in data.splitlines(True):
            if not self.say(line):
                self.dropped += 1

    def say(self, data):
        """Write to the pipe at once or not at all; true when it was written."""
        now = time.time()
        if self.dropped > self._told or now > self._due:
            extra = self._stamp(now)
            if len(data) + len(extra) <= PIPE_BUF:
                data = extra + data
        try:
            os.write(self._pipe, data)
            return True
        except OSError as error:
            if error.errno != errno.EAGAIN and not self.over:
                # The reader is gone. The trace functions see `over` and leave.
                self.over = True
                self._call_main()
            return False

    def _stamp(self, now):
        self._due = now + FLUSH_SECONDS
        self._told = self.dropped
        since = (now - self._start) * 1000000
        return 's\t%d\t%d\t%d\n' % (since, self.events, self.dropped)

    def pulse(self):
        """Write the figures alone."""
        self.say(self._stamp(time.time()))
