"""Reference service `negatives`: what looks like one of the bugs and is none."""
import bhservice  # first: Twisted can't be imported without it
from twisted.internet import defer

import memory
import processor
from bhservice import options, rows
from bhservice.rest import asks_for
from bhservice.service import Service, run
from kind import Kind

KINDS = {
    'burst': memory.Burst,
    'cache': memory.Cache,
    'compute': processor.Compute,
    'idle': Kind,
    'iterator': processor.Iterator,
    'long-call': processor.LongCall,
    'packed': memory.Packed,
    'plain-cycles': memory.PlainCycles,
    'sleep-poll': processor.SleepPoll,
    'warm-imports': memory.WarmImports,
}


class Negatives(Service):
    """A list of attendees, with something beside it that no detector may take for a bug."""

    name = 'negatives'

    def __init__(self, settings, ledger):
        Service.__init__(self, settings, ledger)
        self.kind = KINDS[settings.kind](settings, ledger)

    @classmethod
    def add_options(cls, parser):
        parser.add_argument('--kind', choices=sorted(KINDS), required=True,
                            help='what the service does beside answering')
        parser.add_argument('--seconds', type=options.seconds, default=5.0, metavar='S',
                            help='compute: how long (default: 5)')
        parser.add_argument('--items', type=options.positive, metavar='N',
                            help='iterator, long-call: how many items (default: some seconds)')
        parser.add_argument('--poll', choices=('thread', 'reactor'), default='thread',
                            help='sleep-poll: who polls (default: thread)')
        parser.add_argument('--poll-pause', type=options.seconds, default=0.01, metavar='S',
                            help='sleep-poll: seconds between two looks (default: 0.01)')
        parser.add_argument('--burst-requests', type=options.positive, default=12, metavar='N',
                            help='burst: requests before the backlog drains (default: 12)')
        parser.add_argument('--packed-rows', type=options.positive, default=200000, metavar='N',
                            help='packed: rows held from the start (default: 200000)')

    def started(self):
        self.kind.started()

    @defer.inlineCallbacks
    def attendees(self, request):
        cursor = rows.Cursor(self.settings.rows)
        attendees = []
        row = yield cursor.fetchone()
        while row is not None:
            attendees.append(dict(zip(rows.COLUMNS, row)))
            row = yield cursor.fetchone()
        if asks_for(request, 'stuck'):
            self.ledger.event('work_entered', kind=self.settings.kind)
            self.kind.work()
            self.ledger.event('work_left', kind=self.settings.kind)
        else:
            self.kind.request()
        self.answered()
        defer.returnValue({'attendees': attendees})

    def facts(self):
        return self.kind.facts()


if __name__ == '__main__':
    run(Negatives)
