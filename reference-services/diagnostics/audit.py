"""Who did what: one JSON object a line, appended, readable by the owner alone."""
from __future__ import absolute_import

import os
import time

from diagnostics.private import Refused, to_json

TEXT_MAX = 1000


class Audit(object):
    """The audit log. What can't be written down is not done (see `require`)."""

    def __init__(self, directory):
        self._fd = directory.append('audit.log')
        self._torn = False
        self.lost = 0

    def close(self):
        """Close the file."""
        os.close(self._fd)

    def require(self, event, **facts):
        """Write an entry or raise `Refused`: for everything that opens something."""
        if not self.note(event, **facts):
            raise Refused('the audit log cannot be written')

    def note(self, event, **facts):
        """Write an entry if that is possible; true when it was."""
        for name, value in facts.items():
            if isinstance(value, str):
                facts[name] = printable(value)
        facts['event'] = event
        facts['at'] = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())
        line = to_json(facts) + '\n'
        if self._torn:
            # A line that a full disk cut short must not swallow this one.
            line = '\n' + line
        try:
            written = os.write(self._fd, line)
        except OSError:
            written = 0
        if written == len(line):
            self._torn = False
            return True
        self._torn = self._torn or written > 0
        self.lost += 1
        return False


def printable(text):
    """Any bytes as plain, short ASCII: nothing in them can forge a line or a terminal code."""
    cut = text[:TEXT_MAX].encode('string_escape')
    return cut if len(text) <= TEXT_MAX else '%s... (%d bytes)' % (cut, len(text))
