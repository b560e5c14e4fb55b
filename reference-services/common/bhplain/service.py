"""The life of a plain service: options, listening, the handshake, requests, the end."""
import argparse
import binascii
import errno
import gc
import hmac
import json
import os
import select
import signal
import socket
import sys
import threading
import traceback

from bhplain.http import read_request, send_answer
from bhservice.ledger import Ledger
from bhservice.pipe import STDIN, fatal_end_of_file, is_pipe

# A client of ours sends its request at once; who doesn't is not waited for any longer.
_REQUEST_WITHIN_SECONDS = 60


class Service(object):
    """A service of the standard library. A subclass sets `name` and answers `GET /work`."""

    name = None
    # Whether each request has a thread of its own; else the main thread answers one after another.
    threads = False

    def __init__(self, settings, ledger):
        self.settings = settings
        self.ledger = ledger
        # Told in the handshake alone: who reads that may ask the service to stop.
        self.token = binascii.hexlify(os.urandom(16))
        self._counting = threading.Lock()

    @classmethod
    def add_options(cls, parser):
        """Add options of the service's own to an `argparse` parser."""

    def started(self):
        """Called once, when the service listens and before it says so."""

    def work(self, request):
        """Answer `GET /work` with a value that becomes JSON. Counted when it returns."""
        raise NotImplementedError

    def stuck(self, request):
        """Answer `GET /stuck`, if ever: the ledger has `loop_entered` before it, `loop_left` after."""
        raise NotImplementedError

    def facts(self):
        """What the service knows of its bug right now, as a dict of numbers."""
        return {}

    def collected(self):
        """What can only be told right after a full collection, as a dict of numbers."""
        return {}

    # What follows is the same for every service.

    def totals(self):
        """All the ground truth in one dict."""
        totals = {'service': self.name, 'requests': 0, 'gc_garbage': len(gc.garbage)}
        totals.update(self.ledger.counts)
        totals.update(self.facts())
        return totals

    def answer(self, request):
        """Status and value for a request."""
        paths = {'/work': ('GET', self._work), '/stuck': ('GET', self._stuck),
                 '/health': ('GET', lambda _: {'ok': True}),
                 '/ledger': ('GET', lambda _: self.totals()),
                 '/collect': ('POST', self._collect)}
        if request.path not in paths:
            return 404, {'error': 'not found'}
        method, handler = paths[request.path]
        if request.method != method:
            return 405, {'error': 'method not allowed'}
        return 200, handler(request)

    def may_quit(self, request):
        """Whether this is `POST /quit` of who read the handshake: any user can reach the port."""
        given = request.query.get('token', '')
        return request.method == 'POST' and hmac.compare_digest(given, self.token)

    def _work(self, request):
        value = self.work(request)
        with self._counting:
            number = self.ledger.count('requests')
            self.ledger.event('request', n=number)
        return {} if value is None else value

    def _stuck(self, request):
        self.ledger.count('loops_entered')
        self.ledger.event('loop_entered')
        with fatal_end_of_file():
            value = self.stuck(request)
        self.ledger.count('loops_left')
        self.ledger.event('loop_left')
        return {} if value is None else value

    def _collect(self, request):
        unreachable = gc.collect()
        totals = self.totals()
        totals['unreachable'] = unreachable
        totals['tracked'] = len(gc.get_objects())
        totals.update(self.collected())
        self.ledger.event('collect', unreachable=unreachable)
        return totals


def run(service_class):
    """Run a service until it is told to stop or its parent is gone."""
    parser = argparse.ArgumentParser(prog=service_class.name, description=service_class.__doc__)
    parser.add_argument('--port', type=int, default=0,
                        help='port on 127.0.0.1; 0 lets the kernel choose (default)')
    parser.add_argument('--ledger', metavar='FILE',
                        help='append one JSON object a line for each event that matters')
    service_class.add_options(parser)
    settings = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    service = service_class(settings, Ledger(settings.ledger))
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(('127.0.0.1', settings.port))
    listener.listen(128)
    service.started()
    _say_ready(service, listener.getsockname()[1])
    _serve(service, listener)


def _say_ready(service, port):
    # The first and last line on standard output, and only once connections are accepted.
    sys.stdout.write(json.dumps({'bloathound_service': 1, 'name': service.name, 'pid': os.getpid(),
                                 'port': port, 'token': service.token}, sort_keys=True) + '\n')
    sys.stdout.flush()


def _serve(service, listener):
    readers = [listener, STDIN] if is_pipe() else [listener]
    while True:
        try:
            ready = select.select(readers, [], [])[0]
        except select.error as error:
            if error.args[0] != errno.EINTR:
                raise
            continue
        if STDIN in ready and not os.read(STDIN, 4096):
            _end()
        if listener in ready:
            connection = listener.accept()[0]
            if service.threads:
                thread = threading.Thread(target=_converse, args=(service, connection))
                thread.daemon = True
                thread.start()
            else:
                _converse(service, connection)


def _converse(service, connection):
    """Answer the one request of a connection."""
    try:
        connection.settimeout(_REQUEST_WITHIN_SECONDS)
        request = read_request(connection)
    except EnvironmentError:
        request = None
    if request is None:
        send_answer(connection, 400, {'error': 'no request'})
    elif request.path == '/quit':
        if service.may_quit(request):
            send_answer(connection, 200, {'stopping': True})
            _end()
        why = 'the token is that of the handshake: POST /quit?token=TOKEN'
        send_answer(connection, 403, {'error': why})
    else:
        try:
            status, value = service.answer(request)
        except Exception as error:
            traceback.print_exc()
            status, value = 500, {'error': repr(error)}
            # Python 2 keeps the last exception, and all that its frames hold, until the next one.
            sys.exc_clear()
        send_answer(connection, status, value)
    connection.close()


def _end(*_):
    # At once: what a package runs at the end of a process may wait for threads that never end.
    sys.stderr.flush()
    os._exit(0)
