"""Diagnostics that a service has built in: all off, switched on and off without a restart.

    import diagnostics
    diagnostics.install(reactor, 'leak', '/run/leak/diagnostics')

That is all a service does. README.md in this directory says what it gets.
"""
from __future__ import absolute_import

import sys


def install(reactor, name, directory):
    """Offer diagnostics in `directory`, which is made (mode 0700) where it is missing.

    Call it once, in the main thread, before the reactor runs. Returns the `Kit`, or None
    when `directory` is None or not safe to use: the reason goes to standard error and the
    service goes on without diagnostics.
    """
    if directory is None:
        return None
    from diagnostics import kit, private
    try:
        return kit.Kit(reactor, name, directory)
    except private.Refused as refused:
        sys.stderr.write('no diagnostics: %s\n' % refused)
        return None
