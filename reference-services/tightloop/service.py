"""Reference service `tightloop`: a coroutine that never advances to the next row."""
import bhservice  # first: Twisted can't be imported without it
from twisted.internet import defer

import loops
import pages
from bhservice import stdin
from bhservice.rest import asks_for
from bhservice.rows import COLUMNS
from bhservice.service import Service, run


class TightLoop(Service):
    """A list of attendees; asked with ?stuck=1 it is read by the loop that --loop names."""

    name = 'tightloop'

    @classmethod
    def add_options(cls, parser):
        parser.add_argument('--loop', choices=sorted(loops.KINDS), default='call',
                            help='which loop GET /attendees?stuck=1 enters (default: call)')

    @defer.inlineCallbacks
    def attendees(self, request):
        if asks_for(request, 'stuck'):
            fetched = yield self.through_the_loop()
        else:
            page = yield pages.fetch(self.settings.rows)
            fetched = page.rows
        self.answered()
        defer.returnValue({'attendees': [dict(zip(COLUMNS, row)) for row in fetched]})

    @defer.inlineCallbacks
    def through_the_loop(self):
        self.ledger.count('loops_entered')
        self.ledger.event('loop_entered', kind=self.settings.loop)
        with stdin.fatal_end_of_file():
            fetched = yield loops.KINDS[self.settings.loop](self.settings.rows)
        self.ledger.count('loops_left')
        self.ledger.event('loop_left', kind=self.settings.loop)
        defer.returnValue(fetched)


if __name__ == '__main__':
    run(TightLoop)
