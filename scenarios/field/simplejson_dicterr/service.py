"""Writes records as JSON; one in each has a value that no encoder knows."""
import gc

import simplejson
from bhplain import Service, run

RECORDS = 50


class Opaque(object):
    """What JSON has no form for."""


class Records(Service):
    """Fifty records a request, each refused with a TypeError that is caught."""

    name = 'simplejson_dicterr'

    def started(self):
        self.refused = 0

    def work(self, request):
        for number in range(RECORDS):
            try:
                simplejson.dumps({'record %d' % number: Opaque()})
            except TypeError:
                self.refused += 1

    def facts(self):
        alive = sum(1 for one in gc.get_objects() if type(one) is Opaque)
        return {'refused': self.refused, 'values_alive': alive}


if __name__ == '__main__':
    run(Records)
