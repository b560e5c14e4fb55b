"""Reference service `fragmentation`: whole lists in memory while an audit makes strings."""
import gc
import sys
import weakref

import bhservice  # first: Twisted can't be imported without it
from twisted.internet import defer

import audit
from bhservice import options, rows
from bhservice.service import Service, run
from listing import answer
from models import DBModel


class Fragmentation(Service):
    """A list of attendees held whole in memory, with an audit that runs all the while."""

    name = 'fragmentation'
    # The most classes that were there at the end of a request, garbage included.
    peak = 0

    @classmethod
    def add_options(cls, parser):
        parser.add_argument('--audit', choices=('yes', 'no'), default='yes',
                            help='run the background audit (default: yes)')
        parser.add_argument('--audit-rate', type=options.positive, default=2000, metavar='N',
                            help='strings the audit makes a second (default: 2000)')

    def started(self):
        if self.settings.audit == 'yes':
            audit.audit(self.ledger, self.settings.audit_rate)

    @defer.inlineCallbacks
    def attendees(self, request):
        request.setHeader('content-type', 'application/json')
        yield answer(rows.Cursor(self.settings.rows), request)
        self.peak = max(self.peak, len(DBModel.__subclasses__()))
        self.answered(work_entries=len(audit.work))

    def facts(self):
        return {
            'work_entries': len(audit.work),
            'work_bytes': sum(map(sys.getsizeof, audit.work)),
            # Found by weak references: classes that only await collection are counted too.
            'model_classes': len(DBModel.__subclasses__()),
            'model_classes_peak': self.peak,
        }

    def collected(self):
        # A base class remembers its subclasses by weak references. When a subclass dies, its
        # weak reference stays, to be used again for the next one: these are the survivors
        # that keep most arenas.
        return {'dead_weakrefs': sum(type(thing) is weakref.ref and thing() is None
                                     for thing in gc.get_objects())}


if __name__ == '__main__':
    run(Fragmentation)
