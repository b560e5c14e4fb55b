"""The background audit: small strings that outlive the requests between which they are made."""
from twisted.internet import defer

from bhservice.clock import sleep
from bhservice.ledger import uptime

LIMIT = 10000
PAUSE_S = 0.02

work = []


@defer.inlineCallbacks
def audit(ledger, entries_a_second):
    """Note work for ever, and throw every second note away when there are too many."""
    number = 0
    began = uptime()
    while True:
        # By the clock, not by the turn: a busy reactor gives few turns, and it is just then
        # that notes are to land between the rows.
        due = int((uptime() - began) * entries_a_second)
        while number < due:
            number += 1
            work.append('work %s' % number)
            if len(work) > LIMIT:
                del work[::2]
                ledger.count('work_halvings')
        yield sleep(PAUSE_S)
