"""Joins the parts: which commands there are, what the signals do."""
from __future__ import absolute_import

import os
import signal
import sys
import time
import traceback

from diagnostics.audit import Audit
from diagnostics.control import Control
from diagnostics.dump import Dumper
from diagnostics.logs import Logs
from diagnostics.own import frames_above
from diagnostics.private import Directory, Refused, to_json, write_all
from diagnostics.tracing import Tracer

TOGGLE_TRACING = signal.SIGUSR1
ATTEND = signal.SIGUSR2
CARD = 'kit.json'
STACK_DEPTH_MAX = 40
THREADS_MAX = 100


class Kit(object):
    """One service's diagnostics; everything is off until it is switched on."""

    def __init__(self, reactor, name, path):
        self._reactor = reactor
        self._name = name
        self._pid = os.getpid()
        self._began = time.time()
        self._manhole = None
        self._directory = Directory(path)
        self._audit = Audit(self._directory)
        self.logs = Logs(self._directory)
        self._tracer = Tracer(reactor, self._directory, name, ATTEND)
        self._dumper = Dumper(self._directory, name)
        self._control = Control(reactor, self._directory, self._audit, self.execute)
        self._signals = [
            _take_signal(TOGGLE_TRACING, self._on_toggle), _take_signal(ATTEND, self._on_attend)]
        self._card = self._leave_card()
        reactor.addSystemEventTrigger('during', 'shutdown', self.close)

    def close(self):
        """Switch everything off and remove what is of no use without us."""
        if os.getpid() != self._pid:
            # A child made by fork: everything here is still the parent's.
            return
        for switch_off in (self._tracer.switch_off, lambda: self.logs.switch_off([]),
                           lambda: self._close_manhole('shutdown'), self._control.close,
                           lambda: self._directory.remove(CARD, self._card)):
            try:
                switch_off()
            except Exception:  # the others are switched off all the same
                self._audit.note('failed', reason=repr(sys.exc_info()[1]))

    def _leave_card(self):
        # Tells clients which signals they may send: one that we didn't take would end the
        # service, or do something else of its own.
        self._directory.remove_left_over_file(CARD)
        fd = self._directory.create(CARD)
        numbers = dict((name, signum) for name, signum, taken in zip(
            ('toggle', 'attend'), (TOGGLE_TRACING, ATTEND), self._signals) if taken)
        try:
            write_all(fd, to_json({'pid': self._pid, 'signals': numbers}) + '\n')
        except OSError:
            # A full disk: without the card no client sends signals.
            pass
        finally:
            os.close(fd)
        return self._directory.identity(CARD)

    def execute(self, words, peer, urgent):
        """Carry out a command. `urgent`: from the signal handler, the reactor may be blocked."""
        command = COMMANDS.get(' '.join(words[:2])) or COMMANDS.get(words[0])
        if command is None:
            raise Refused('no such command; there are: ' + ', '.join(sorted(COMMANDS)))
        name, run, opens, arguments_max, blocked_too = command
        arguments = words[len(name.split()):]
        if len(arguments) > arguments_max:
            raise Refused('%s takes at most %d arguments' % (name, arguments_max))
        if urgent and not blocked_too:
            raise Refused('the reactor is blocked, so the manhole could not answer; '
                          'try trace, stacks or dump')
        # What opens something is written down first or not done; the rest is always done.
        write_down = self._audit.require if opens else self._audit.note
        write_down('command', line=' '.join(words), urgent=urgent, **peer)
        return run(self, arguments)

    def _on_toggle(self, signum, frame):
        try:
            self._audit.require('tracing toggled', signal=signum)
            self._tracer.toggle()
        except Refused as refused:
            self._audit.note('refused', reason=str(refused), signal=signum)

    def _on_attend(self, signum, frame):
        by_tracer, self._tracer.waking = self._tracer.waking, False
        self._tracer.attend()
        if not by_tracer:
            # A client asks since the reactor doesn't answer it. Its signal may have become one
            # with the tracer's: it will ask again.
            self._control.attend()

    # The commands.

    def _status(self, arguments):
        manhole = self._manhole.status() if self._manhole else {'on': False}
        return {
            'service': self._name, 'pid': self._pid, 'directory': self._directory.path,
            'uptime_seconds': round(time.time() - self._began, 1),
            'signals': [name for name, taken in zip(('toggle', 'attend'), self._signals) if taken],
            'log': self.logs.status(), 'manhole': manhole, 'trace': self._tracer.status(),
            'dumps': self._dumper.written, 'audit_lost': self._audit.lost,
            'connections_evicted': self._control.evicted}

    def _stacks(self, arguments):
        stacks = {}
        for ident, frame in sys._current_frames().items()[:THREADS_MAX]:
            frame = (frames_above(frame) or [None])[0]
            if frame is None:
                continue
            lines = traceback.extract_stack(frame, None)[-STACK_DEPTH_MAX:]
            stacks[str(ident)] = ['%s:%d %s' % line[:3] for line in reversed(lines)]
        # This frame was among them; its own variable would keep it.
        frame = None
        return {'stacks': stacks}

    def _log_on(self, arguments):
        return self.logs.switch_on(arguments)

    def _log_off(self, arguments):
        return self.logs.switch_off(arguments)

    def _trace_on(self, arguments):
        if arguments not in ([], ['full']):
            raise Refused('trace on takes nothing, or the word full')
        return self._tracer.switch_on(bool(arguments))

    def _trace_off(self, arguments):
        return self._tracer.switch_off()

    def _dump(self, arguments):
        if arguments not in ([], ['reprs']):
            raise Refused('dump takes nothing, or the word reprs')
        return {'dump': self._dumper.dump(bool(arguments))}

    def _manhole_on(self, arguments):
        # Imported here: a service that never opens its manhole never loads it.
        from diagnostics.manhole import IDLE_SECONDS, USER, Manhole
        if self._manhole is not None:
            raise Refused('the manhole is on; its password was handed out when it was opened')
        lease_seconds = None
        if len(arguments) >= 2 and arguments[-2] == '--lease':
            lease_seconds, arguments = _seconds(arguments[-1], 'the lease'), arguments[:-2]
        if len(arguments) > 1:
            raise Refused('manhole on takes IDLE-SECONDS and --lease SECONDS')
        idle_seconds = _seconds(arguments[0]) if arguments else IDLE_SECONDS
        self._manhole = Manhole(self._reactor, self._directory, self._audit, idle_seconds,
                                self._close_manhole, lease_seconds)
        return {'manhole': self._manhole.status(), 'user': USER,
                'password': self._manhole.password}

    def _manhole_renew(self, arguments):
        if self._manhole is None or self._manhole.lease_seconds is None:
            raise Refused('no manhole is open by a lease')
        self._manhole.renew()
        return {'manhole': self._manhole.status()}

    def _manhole_off(self, arguments):
        return {'manhole': {'on': False}, 'was_on': self._close_manhole('command')}

    def _close_manhole(self, reason):
        manhole, self._manhole = self._manhole, None
        if manhole is None:
            return False
        manhole.close()
        self._audit.note('manhole off', reason=reason)
        return True


# The whole list: name, function, does it open something, arguments, works while blocked.
COMMANDS = dict((row[0], row) for row in (
    ('status', Kit._status, False, 0, True),
    ('stacks', Kit._stacks, False, 0, True),
    ('log on', Kit._log_on, True, 8, True),
    ('log off', Kit._log_off, False, 8, True),
    ('trace on', Kit._trace_on, True, 1, True),
    ('trace off', Kit._trace_off, False, 0, True),
    ('dump', Kit._dump, True, 1, True),
    ('manhole on', Kit._manhole_on, True, 3, False),
    ('manhole renew', Kit._manhole_renew, False, 0, False),
    ('manhole off', Kit._manhole_off, False, 0, False),
))


def _take_signal(signum, handler):
    """Install a handler unless the service has one of its own; true when installed."""
    if signal.getsignal(signum) not in (signal.SIG_DFL, signal.SIG_IGN):
        return False
    signal.signal(signum, handler)
    # The service's own system calls go on instead of failing with EINTR.
    signal.siginterrupt(signum, False)
    return True


def _seconds(text, what='the idle time'):
    if not text.isdigit() or not 1 <= int(text[:6]) <= 86400:
        raise Refused('%s is a whole number of seconds, 1 to 86400' % what)
    return int(text[:6])
