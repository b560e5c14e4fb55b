"""A reactor with timers that are due, and a loop that does not let it run them. Writes `ready` a second later."""
import os
import site
import sys
import time

site.addsitedir(os.environ['PYTHONPATH'])

from twisted.internet import reactor  # noqa: E402 (needs the site directory)


def spin():
    reactor.callLater(0, lambda: None)
    end = time.time() + 1
    while time.time() < end:
        pass
    sys.stdout.write('ready\n')
    sys.stdout.flush()
    done = False
    while not done:
        pass


reactor.callLater(0, spin)
reactor.callLater(30, lambda: None)
reactor.run()
