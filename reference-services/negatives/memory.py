"""Kinds whose memory looks bad and is not."""
import importlib

from bhservice import rows
from kind import Kind


class Cache(Kind):
    """A cache fills to its limit and stays."""

    kept_a_request = 500
    limit = 4000

    def __init__(self, settings, ledger):
        Kind.__init__(self, settings, ledger)
        self.cache = {}
        self.asked = 0

    def request(self):
        for number in xrange(self.asked, self.asked + self.kept_a_request):
            key = number % self.limit
            if key not in self.cache:
                self.cache[key] = dict(zip(rows.COLUMNS, rows.attendee(key + 1)))
        self.asked += self.kept_a_request

    def facts(self):
        return {'cache_entries': len(self.cache), 'cache_limit': self.limit}


class Burst(Kind):
    """A backlog grows for some requests, is drained at once, and does not come back."""

    kept_a_request = 1000

    def __init__(self, settings, ledger):
        Kind.__init__(self, settings, ledger)
        self.backlog = []
        self.asked = 0

    def request(self):
        self.asked += 1
        if self.asked <= self.settings.burst_requests:
            self.backlog.extend(dict(zip(rows.COLUMNS, rows.attendee(number)))
                                for number in xrange(self.kept_a_request))
        elif self.backlog:
            self.ledger.event('drained', entries=len(self.backlog))
            self.ledger.count('drained_entries', len(self.backlog))
            self.backlog = []

    def facts(self):
        return {'backlog_entries': len(self.backlog)}


class PlainCycles(Kind):
    """Cycles without finalizers at each request: the collector takes them when it comes by."""

    cycles_a_request = 1000

    def request(self):
        for number in xrange(self.cycles_a_request):
            Attendee(number)
        self.ledger.count('cycles_made', self.cycles_a_request)


class Attendee(object):
    """Somebody at the conference, with an address."""

    def __init__(self, number):
        self.number = number
        self.address = Address(self)


class Address(object):
    """Where an attendee lives, with the attendee who lives there."""

    def __init__(self, attendee):
        self.attendee = attendee


class Packed(Kind):
    """A heap that is large from the start, dense, and stays as it is."""

    def __init__(self, settings, ledger):
        Kind.__init__(self, settings, ledger)
        self.table = [rows.attendee(number) for number in xrange(settings.packed_rows)]

    def facts(self):
        return {'table_entries': len(self.table)}


class WarmImports(Kind):
    """The first requests each import one more module of the standard library."""

    modules = ('difflib', 'optparse', 'csv', 'cmd', 'shlex', 'ConfigParser', 'HTMLParser',
               'tarfile', 'smtplib', 'ftplib', 'xmlrpclib', 'unittest')

    def __init__(self, settings, ledger):
        Kind.__init__(self, settings, ledger)
        self.imported = 0

    def request(self):
        if self.imported < len(self.modules):
            importlib.import_module(self.modules[self.imported])
            self.imported += 1

    def facts(self):
        return {'modules_imported': self.imported, 'modules_to_import': len(self.modules)}
