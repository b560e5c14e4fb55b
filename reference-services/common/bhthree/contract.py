"""What every service answers, whichever event loop it runs on."""
import binascii
import gc
import hmac
import json
import os
import sys
import traceback

from bhservice import options
from bhservice.ledger import Ledger
from bhservice.pipe import fatal_end_of_file


class Service:
    """A reference service. A subclass sets `name` and answers `GET /work`."""

    name = None

    def __init__(self, settings, ledger):
        self.settings = settings
        self.ledger = ledger
        # Told in the handshake alone: who reads that may ask the service to stop.
        self.token = binascii.hexlify(os.urandom(16)).decode('ascii')
        # Set by whoever runs the loop: ends it when the answer is out.
        self.stopping = False

    @classmethod
    def add_options(cls, parser):
        """Add options of the service's own to an `argparse` parser."""

    def started(self):
        """Called once, when the service listens and before it says so."""

    async def work(self, request):
        """Answer `GET /work` with a value that becomes JSON. Counted when it returns."""
        raise NotImplementedError

    async def stuck(self, request):
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

    async def answer(self, request):
        """Status and value for a request; an error of the service's is told to stderr and answered by 500."""
        if request is None:
            return 400, {'error': 'no request'}
        paths = {'/work': ('GET', self._work), '/stuck': ('GET', self._stuck), '/health': ('GET', self._health),
                 '/ledger': ('GET', self._totals), '/collect': ('POST', self._collect), '/quit': ('POST', self._quit)}
        if request.path not in paths:
            return 404, {'error': 'not found'}
        method, handler = paths[request.path]
        if request.method != method:
            return 405, {'error': 'method not allowed'}
        try:
            return await handler(request)
        except Exception as error:
            traceback.print_exc()
            return 500, {'error': repr(error)}

    async def _work(self, request):
        value = await self.work(request)
        number = self.ledger.count('requests')
        self.ledger.event('request', n=number)
        return 200, {} if value is None else value

    async def _stuck(self, request):
        self.ledger.count('loops_entered')
        self.ledger.event('loop_entered')
        with fatal_end_of_file():
            value = await self.stuck(request)
        self.ledger.count('loops_left')
        self.ledger.event('loop_left')
        return 200, {} if value is None else value

    async def _health(self, request):
        return 200, {'ok': True}

    async def _totals(self, request):
        return 200, self.totals()

    async def _collect(self, request):
        unreachable = gc.collect()
        totals = self.totals()
        totals['unreachable'] = unreachable
        totals['tracked'] = len(gc.get_objects())
        totals.update(self.collected())
        self.ledger.event('collect', unreachable=unreachable)
        return 200, totals

    async def _quit(self, request):
        # Any user of this machine can reach the port.
        if not hmac.compare_digest(request.query.get('token', ''), self.token):
            return 403, {'error': 'the token is that of the handshake: POST /quit?token=TOKEN'}
        self.stopping = True
        return 200, {'stopping': True}


def made(service_class):
    """A service of this class, by the options of the command line."""
    parser = options.parser(service_class.name, service_class.__doc__)
    service_class.add_options(parser)
    settings = parser.parse_args()
    return service_class(settings, Ledger(settings.ledger))


def say_ready(service, port):
    """The first and last line on standard output, and only once connections are accepted."""
    sys.stdout.write(json.dumps({'bloathound_service': 1, 'name': service.name, 'pid': os.getpid(),
                                 'port': port, 'token': service.token}, sort_keys=True) + '\n')
    sys.stdout.flush()


def end():
    """The end of the process, at once: what packages run there may wait for threads that never end."""
    sys.stderr.flush()
    os._exit(0)
