"""What the tests share: a real service process, a client of its socket, waiting with a deadline."""
from __future__ import absolute_import

import contextlib
import errno
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib2

HERE = os.path.dirname(os.path.abspath(__file__))
KIT = os.path.dirname(HERE)
# For a busy machine; nothing is decided by it.
DEADLINE = 60.0


def wait_for(condition, what='the condition'):
    """The condition's first true value; fails after a deadline."""
    stop = time.time() + DEADLINE
    while time.time() < stop:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError('%s did not come true in %d s' % (what, DEADLINE))


class Running(object):
    """The test service as a process."""

    def __init__(self, directory, arguments=(), prefix=()):
        environment = dict(os.environ)
        # `diagnostics` is found beside the tests, Twisted where the caller said.
        environment['PYTHONPATH'] = os.pathsep.join(
            [os.path.dirname(KIT), os.environ['BLOATHOUND_TEST_ENV']])
        environment['PYTHONDONTWRITEBYTECODE'] = '1'
        # A directory of `pip install --target` declares namespaces in a .pth file.
        code = ('import os, site, sys; map(site.addsitedir, os.environ["PYTHONPATH"].split(":"));'
                'from diagnostics.tests import service; service.main()')
        self.process = subprocess.Popen(
            list(prefix) + [sys.executable, '-s', '-c', code, directory] + list(arguments),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment, close_fds=True)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError('the service did not start: ' + self.process.stderr.read())
        ready = json.loads(line)
        self.pid, self.port, self.has_kit = ready['pid'], ready['port'], ready['kit']
        self.directory = directory

    def stop(self):
        """End it, whatever it does."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()

    def get(self, path, timeout=DEADLINE):
        """The JSON of a request."""
        url = 'http://127.0.0.1:%d/%s' % (self.port, path)
        return json.load(urllib2.urlopen(url, timeout=timeout))

    def begin(self, path):
        """Send a request and return the open connection without waiting."""
        connection = socket.create_connection(('127.0.0.1', self.port))
        connection.sendall('GET /%s HTTP/1.0\r\n\r\n' % path)
        return connection

    def path(self, name):
        return os.path.join(self.directory, name)

    def connect(self, name='control.sock'):
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # Without a timeout at first: with one, a full queue is an error instead of a wait.
        channel.connect(self.path(name))
        channel.settimeout(DEADLINE)
        return channel

    def send(self, data, attend=False):
        """The raw answer to raw bytes on the control socket."""
        channel = self.connect()
        try:
            channel.sendall(data)
            if attend:
                self._signal_until_answered(channel)
            return receive_all(channel)
        except socket.error as error:
            if error.errno in (errno.EPIPE, errno.ECONNRESET):
                return ''
            raise
        finally:
            channel.close()

    def _signal_until_answered(self, channel):
        # As every client of the kit does: a signal that becomes one with the tracer's own is
        # taken for the tracer's, and one in the middle of a command is not attended to.
        for _ in range(int(DEADLINE)):
            os.kill(self.pid, signal.SIGUSR2)
            if select.select([channel], [], [], 1.0)[0]:
                return

    def ask(self, command, attend=False):
        """The answer to a command."""
        return json.loads(self.send(command + '\n', attend))

    def audit(self):
        with open(self.path('audit.log')) as log:
            return [json.loads(line) for line in log if line.strip()]

    def audit_tolerant(self):
        """The audit log without lines that a full disk cut short."""
        entries = []
        with open(self.path('audit.log')) as log:
            for line in log:
                try:
                    entries.append(json.loads(line))
                except ValueError:
                    pass
        return entries

    def events(self):
        return [entry['event'] for entry in self.audit()]


class Throughout(object):
    """Requests, one after the other, for as long as the block runs; every one is counted.

    A block ends after at least one more request was begun and answered in it, so what it does
    can't be over before the service was asked anything.
    """

    def __init__(self, service):
        self._service = service
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self.answered = 0
        self.lost = []

    def _ask(self):
        while not self._over.is_set():
            try:
                if self._service.get('ok') != 'ok':
                    raise ValueError('another answer')
                self.answered += 1
            except Exception as error:  # whatever it is, the request is lost
                self.lost.append(repr(error))
                return

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, value, trace):
        before = self.answered
        try:
            # One may have been on its way already: the one after it counts.
            wait_for(lambda: self.answered > before + 1 or self.lost, 'an answer')
        finally:
            self._over.set()
            self._thread.join()


def receive_all(channel):
    """Everything until the other end closes."""
    parts = []
    while True:
        try:
            part = channel.recv(65536)
        except socket.error as error:
            if error.errno == errno.ECONNRESET:
                break
            raise
        if not part:
            break
        parts.append(part)
    return ''.join(parts)


class ServiceTest(unittest.TestCase):
    """Each test has a directory; `self.start()` gives it a service."""

    def setUp(self):
        self.base = tempfile.mkdtemp(prefix='kit-')
        self.addCleanup(shutil.rmtree, self.base)
        self.directory = os.path.join(self.base, 'private')

    def start(self, *arguments, **options):
        service = Running(self.directory, arguments, **options)
        self.addCleanup(service.stop)
        return service

    @contextlib.contextmanager
    def answering(self, service):
        """The block, during which the service answers every request it is sent."""
        with Throughout(service) as load:
            yield load
        self.assertEqual(load.lost, [])

    def answers(self, service):
        """The service does its work."""
        self.assertEqual(service.get('ok'), 'ok')
