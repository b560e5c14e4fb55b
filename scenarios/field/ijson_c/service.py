"""Reads parts of a JSON document by the backend in C."""
from StringIO import StringIO

from bhplain import Service, run
from bhplain.measures import Gain, settled
from ijson.backends import yajl2_c

DOCUMENTS = 20
# No mapping inside: both releases lose the key of one, which is another bug than the one of this pair.
DOCUMENT = '{"orders": [1, 2, "%s"]}' % ('n' * 1000)


class Documents(Service):
    """Twenty documents a request, read to their ends."""

    name = 'ijson_c'

    def started(self):
        self.read = 0
        self.gain = Gain(settled)

    def work(self, request):
        for _ in range(DOCUMENTS):
            for _ in yajl2_c.items(StringIO(DOCUMENT), 'orders.item'):
                pass
            for _ in yajl2_c.kvitems(StringIO(DOCUMENT), ''):
                pass
            self.read += 1
        self.gain.note()

    def facts(self):
        return {'documents_read': self.read, 'objects_gained': self.gain.value()}


if __name__ == '__main__':
    run(Documents)
