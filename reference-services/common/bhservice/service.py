"""The life of a service: options, listening, the handshake, the end."""
import binascii
import gc
import json
import os
import sys

from twisted.internet import reactor
from twisted.logger import LogLevel, formatEvent, globalLogBeginner
from twisted.web import resource

from bhservice import options, rest, stdin
from bhservice.clock import turn
from bhservice.ledger import Ledger


class Service(object):
    """A reference service. A subclass sets `name` and answers `GET /attendees`."""

    name = None

    def __init__(self, settings, ledger):
        self.settings = settings
        self.ledger = ledger
        # Told in the handshake alone: who reads that may ask the service to stop.
        self.token = binascii.hexlify(os.urandom(16))

    @classmethod
    def add_options(cls, parser):
        """Add options of the service's own to an `argparse` parser."""

    def started(self):
        """Called once, when the service listens and before it says so."""

    def attendees(self, request):
        """Answer `GET /attendees`; what it may return stands at `rest.Endpoint`."""
        raise NotImplementedError

    def facts(self):
        """What the service knows of its bug right now, as a dict of numbers."""
        return {}

    def collected(self):
        """What can only be told right after a full collection, as a dict of numbers."""
        return {}

    # What follows is the same for every service.

    def answered(self, **facts):
        """Count one finished request and note it in the ledger."""
        number = self.ledger.count('requests')
        self.ledger.event('request', n=number, **facts)

    def totals(self):
        """All the ground truth in one dict."""
        totals = {'service': self.name, 'requests': 0, 'gc_garbage': len(gc.garbage)}
        totals.update(self.ledger.counts)
        totals.update(self.facts())
        return totals

    def collect(self, request):
        """Answer `POST /collect`: collect openly, then tell what is left."""
        unreachable = gc.collect()
        totals = self.totals()
        totals['unreachable'] = unreachable
        totals['tracked'] = len(gc.get_objects())
        totals.update(self.collected())
        self.ledger.event('collect', unreachable=unreachable)
        return totals

    def quit(self, request):
        """Answer `POST /quit?token=TOKEN`, and stop when the answer is out."""
        # Any user of this machine can reach the port.
        from hmac import compare_digest
        if not compare_digest(request.args.get('token', [''])[-1], self.token):
            raise rest.Forbidden('the token is that of the handshake: POST /quit?token=TOKEN')
        # The answer is written between the next turn and the one after it.
        finished = request.notifyFinish()
        finished.addBoth(lambda _: turn()).addBoth(lambda _: turn())
        finished.addBoth(lambda _: reactor.stop())
        return {'stopping': True}

    def site(self):
        """The paths of the contract."""
        root = resource.Resource()
        for path, method, handler in (
                ('attendees', 'GET', self.attendees),
                ('health', 'GET', lambda request: {'ok': True}),
                ('ledger', 'GET', lambda request: self.totals()),
                ('collect', 'POST', self.collect),
                ('quit', 'POST', self.quit)):
            root.putChild(path, rest.Endpoint(method, handler))
        return rest.Site(root, timeout=None)


def run(service_class):
    """Run a service until it is told to stop or its parent is gone."""
    parser = options.parser(service_class.name, service_class.__doc__)
    service_class.add_options(parser)
    settings = parser.parse_args()
    _log_errors_to_stderr()
    service = service_class(settings, Ledger(settings.ledger))
    port = reactor.listenTCP(settings.port, service.site(), interface='127.0.0.1', backlog=128)
    service.started()
    stdin.stop_at_end_of_file()
    _offer_diagnostics(service, settings.diagnostics)
    reactor.callWhenRunning(_say_ready, service, port.getHost().port)
    reactor.run()


def _offer_diagnostics(service, directory):
    # Without the option not even the module is loaded, so that the kit costs nothing.
    if directory is not None:
        sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(
            os.path.abspath(__file__)))))
        import diagnostics
        kit = diagnostics.install(reactor, service.name, directory)
        if kit is not None:
            # The only texts from a request that the debug log may repeat.
            kit.logs.allow('/' + path for path in service.site().resource.children)


def _say_ready(service, port):
    # The first and last line on standard output, and only once connections are accepted.
    sys.stdout.write(json.dumps({'bloathound_service': 1, 'name': service.name, 'pid': os.getpid(),
                                 'port': port, 'token': service.token}, sort_keys=True) + '\n')
    sys.stdout.flush()


def _log_errors_to_stderr():
    # Until logging begins, Twisted keeps up to 65536 events in memory: growth that nobody
    # put there on purpose.
    def observe(event):
        if event.get('log_level', LogLevel.info) >= LogLevel.warn or event.get('isError'):
            sys.stderr.write(formatEvent(event).encode('utf-8', 'replace') + '\n')
            failure = event.get('log_failure')
            if failure is not None:
                sys.stderr.write(failure.getTraceback())

    globalLogBeginner.beginLoggingTo([observe], discardBuffer=True, redirectStandardIO=False)
