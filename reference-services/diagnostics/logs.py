"""Debug logging, switched on and off for a logger or for all, into a file of the owner's.

What may be written is decided by where it comes from, not by what it looks like. A
message is written when it is a literal of the code that logs it. Of the values that go
into it, numbers of up to ten digits and names of types and functions are written; a text is written where
the service has declared it harmless (`allow`), otherwise only its type and length. So a
request's body or a password has no way into the file, whatever the service logs.
"""
from __future__ import absolute_import

import logging
import os
import re
import string
import sys
import time
import types

from diagnostics.private import Refused, write_all

FILE_BYTES_MAX = 64 * 1024 * 1024
LINE_MAX = 2000
LOGGERS_MAX = 32
# Counts, sizes and times in seconds are below it.
NUMBER_MAX = 10 ** 10

_NUMBERS = (int, long, float, bool, type(None))
_NAMED = (type, types.ClassType, types.FunctionType, types.BuiltinFunctionType)
_PERCENT = re.compile(r'%(?:\((\w+)\))?[-#0 +]*(?:\*|\d+)?(?:\.(?:\*|\d+))?[hlL]?([a-zA-Z%])')
_MACHINERY = ('logging', 'twisted.logger', 'twisted.python.log', 'twisted.python.threadable',
              'diagnostics.logs')


class Logs(object):
    """The switch. Names are those of `logging` or namespaces of `twisted.logger`."""

    def __init__(self, directory):
        self._directory = directory
        self._allowed = set(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'])
        self._fd = None
        self._size = 0
        self._on = {}
        self._observing = False
        self.written = 0
        self.lost = 0

    def allow(self, texts):
        """Declare texts harmless: route names, states, whatever the code itself spells out."""
        self._allowed.update(texts)

    def status(self):
        """What is on."""
        return {'on': bool(self._on), 'loggers': sorted(name or '*' for name in self._on),
                'written': self.written, 'lost': self.lost}

    def switch_on(self, names):
        """Begin to log these loggers and all below them; no name: all loggers."""
        names = names or ['']
        if len(set(self._on).union(names)) > LOGGERS_MAX:
            raise Refused('at most %d loggers at a time' % LOGGERS_MAX)
        if self._fd is None:
            self._fd = self._directory.append('debug.log')
            self._size = os.fstat(self._fd).st_size
        for name in names:
            if name not in self._on:
                self._on[name] = _StandardLogger(name, self._standard_record)
        self._observe(True)
        return {'file': os.path.join(self._directory.path, 'debug.log'), 'log': self.status()}

    def switch_off(self, names):
        """Stop; without names everything."""
        for name in names or list(self._on):
            logger = self._on.pop(name, None)
            if logger is None:
                raise Refused('%s is not on' % (name or '*'))
            logger.restore()
        if not self._on:
            self._observe(False)
            if self._fd is not None:
                os.close(self._fd)
                self._fd = None
        return {'log': self.status()}

    def _observe(self, wanted):
        # Only where the service uses Twisted's logging already: nothing is imported for it.
        if wanted == self._observing or 'twisted.logger' not in sys.modules:
            return
        publisher = sys.modules['twisted.logger'].globalLogPublisher
        (publisher.addObserver if wanted else publisher.removeObserver)(self._twisted_event)
        self._observing = wanted

    def _standard_record(self, record):
        code = _caller()
        text = self._percent(code, record.msg, record.args)
        if record.exc_info and record.exc_info[0]:
            text += ' ' + _where(record.exc_info[0], record.exc_info[2])
        self._write(record.levelname.lower(), record.name, text)

    def _twisted_event(self, event):
        try:
            name = str(event.get('log_namespace') or event.get('system') or '-')
            if not any(_covers(prefix, name) for prefix in self._on):
                return
            level = getattr(event.get('log_level'), 'name', 'info')
            if level == 'info' and event.get('isError'):
                level = 'critical'
            text = self._event_text(event)
            failure = event.get('log_failure') or event.get('failure')
            if failure is not None:
                text += ' ' + _where(failure.type, failure.getTracebackObject())
            self._write(level, name, text)
        except Exception:  # a line that can't be made must not hurt who logs it
            self.lost += 1

    def _event_text(self, event):
        code = _caller()
        if event.get('format') is not None:
            return self._percent(code, event['format'], event)
        template = event.get('log_format')
        if event.get('message'):
            return ' '.join(self._literal(code, part) for part in event['message'])
        if template is None:
            return '<no message>'
        if not is_literal(code, template):
            return _made_at_run_time(template)
        pieces = []
        for literal, field, _, _ in string.Formatter().parse(template):
            pieces.append(literal)
            if field is not None:
                root = re.split(r'[.\[]', field, 1)[0]
                value = event.get(root)
                # What an attribute or a call would give is not asked for: that runs code.
                pieces.append(self.value(value) if root == field
                              else '<part of %s>' % type(value).__name__)
        return ''.join(pieces)

    def _literal(self, code, part):
        return part if is_literal(code, part) else self.value(part)

    def _percent(self, code, template, values):
        if not isinstance(template, basestring) or not is_literal(code, template):
            return _made_at_run_time(template)
        if not values:
            return template
        values = values if isinstance(values, (tuple, dict)) else (values,)
        order = iter(values if isinstance(values, tuple) else ())

        def put(match):
            if match.group(2) == '%':
                return '%'
            if match.group(1) is not None and isinstance(values, dict):
                return self.value(values.get(match.group(1)))
            return self.value(next(order, '<missing>'))
        return _PERCENT.sub(put, template)

    def value(self, value):
        """What may be written of a value."""
        kind = type(value)
        if kind in _NUMBERS:
            return repr(value) if short(value) else '<%s of %d digits>' % (
                kind.__name__, len('%d' % value))
        if kind in (str, unicode):
            if value in self._allowed:
                return value.encode('ascii', 'replace')
            return '<%s of %d>' % (kind.__name__, len(value))
        if kind in _NAMED:
            return value.__name__
        # Of an old-style instance, too, the class is a field: no code of its runs.
        kind = value.__class__ if kind is types.InstanceType else kind
        return '<%s>' % kind.__name__

    def _write(self, level, name, text):
        if self._fd is None:
            return
        text = text.encode('utf-8') if isinstance(text, unicode) else text
        now = time.time()
        stamp = '%s.%03dZ' % (time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now)),
                              now % 1 * 1000)
        line = '%s %s %s %s' % (stamp, level, name, text)
        line = line.encode('string_escape')[:LINE_MAX] + '\n'
        try:
            if self._size + len(line) > FILE_BYTES_MAX:
                raise OSError('the file is as large as it may become')
            write_all(self._fd, line)
        except OSError:
            self.lost += 1
            return
        self._size += len(line)
        self.written += 1


def short(number):
    """False for numbers long enough to be a card's, an account's or a key."""
    return number is None or number != number or not NUMBER_MAX <= abs(number) < float('inf')


class _StandardLogger(object):
    """One logger of `logging`, lowered to DEBUG without changing what others receive."""

    def __init__(self, name, write):
        self._logger = logging.getLogger(name or None)
        self._level = self._logger.level
        self._handler = _Handler(write)
        before = self._logger.getEffectiveLevel()
        self._held = []
        logger = self._logger
        while logger is not None:
            for handler in logger.handlers:
                # The service's own log files stay as they were.
                threshold = _Threshold(name, before)
                handler.addFilter(threshold)
                self._held.append((handler, threshold))
            logger = logger.parent if logger.propagate else None
        self._logger.addHandler(self._handler)
        self._logger.setLevel(logging.DEBUG)

    def restore(self):
        """Put everything back."""
        self._logger.removeHandler(self._handler)
        self._logger.setLevel(self._level)
        for handler, threshold in self._held:
            handler.removeFilter(threshold)


class _Threshold(logging.Filter):
    """Keeps from a handler what the logger's old level would have kept from it."""

    def __init__(self, name, level):
        logging.Filter.__init__(self, name)
        self._level = level

    def filter(self, record):
        return record.levelno >= self._level or not logging.Filter.filter(self, record)


class _Handler(logging.Handler):
    def __init__(self, write):
        logging.Handler.__init__(self, logging.DEBUG)
        self._emit = write

    def filter(self, record):
        # A record is written once, by the handler nearest to its logger.
        if getattr(record, 'bloathound_written', False):
            return False
        record.bloathound_written = True
        return True

    def emit(self, record):
        self._emit(record)

    def handle(self, record):
        if self.filter(record):
            self.acquire()
            try:
                self.emit(record)
            except Exception:  # never the service's problem
                pass
            finally:
                self.release()


def is_literal(frame, text):
    """True when the text stands in the source of the function that logs it."""
    if frame is None:
        return False
    # A constant of its module is none: what a name in a module stands for may have been read
    # from a file of passwords.
    return any(type(constant) is type(text) and constant == text
               for constant in frame.f_code.co_consts)


def _caller():
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_globals.get('__name__') or ''
        if not any(_covers(machinery, name) for machinery in _MACHINERY):
            return frame
        frame = frame.f_back
    return None


def _covers(prefix, name):
    return not prefix or name == prefix or name.startswith(prefix + '.')


def _made_at_run_time(template):
    if isinstance(template, basestring):
        return '<text of %d, made at run time>' % len(template)
    return '<%s>' % type(template).__name__


def _where(kind, trace):
    # An exception's own text may hold data; its type and its lines are code.
    steps = []
    while trace is not None and len(steps) < 20:
        code = trace.tb_frame.f_code
        steps.append('%s:%d %s' % (code.co_filename, trace.tb_lineno, code.co_name))
        trace = trace.tb_next
    return '[%s at %s]' % (getattr(kind, '__name__', '?'), ' < '.join(reversed(steps)) or '?')
