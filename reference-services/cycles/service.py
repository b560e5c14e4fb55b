"""Reference service `cycles`: pairs of objects with finalizers that the collector won't take."""
import bhservice  # first: Twisted can't be imported without it
from twisted.internet import defer

import people
from audit import Audit
from bhservice import options, rows
from bhservice.service import Service, run


class Cycles(Service):
    """A list of attendees, and an audit that leaves cycles behind even without requests."""

    name = 'cycles'
    audit = None

    @classmethod
    def add_options(cls, parser):
        parser.add_argument('--audit-ticks', type=options.not_negative, default=0, metavar='N',
                            help='stop the audit after N ticks (default: 0, never)')
        parser.add_argument('--audit-cycles', type=options.positive, default=1000, metavar='N',
                            help='cycles a tick (default: 1000)')
        parser.add_argument('--audit-pause', type=options.seconds, default=0.1, metavar='S',
                            help='seconds before each tick (default: 0.1)')

    def started(self):
        self.audit = Audit(self.ledger, self.settings.audit_cycles, self.settings.audit_ticks,
                           self.settings.audit_pause)
        self.audit.run()

    @defer.inlineCallbacks
    def attendees(self, request):
        cursor = rows.Cursor(self.settings.rows)
        attendees = []
        row = yield cursor.fetchone()
        while row is not None:
            attendees.append(dict(zip(rows.COLUMNS, row)))
            row = yield cursor.fetchone()
        self.answered()
        defer.returnValue({'attendees': attendees})

    def facts(self):
        return {
            'audit_running': self.audit.running,
            'finalizers': sum(hasattr(cls, '__del__')
                              for cls in (people.Attendee, people.Address)),
        }


if __name__ == '__main__':
    run(Cycles)
