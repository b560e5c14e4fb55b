"""Reads messages of which the last part is missing."""
import msgpack
from bhplain import Service, run
from bhplain.measures import Gain, resident

MESSAGES = 50

# A list of two, of which one is there.
CUT_OFF = '\x92' + msgpack.packb('m' * 2000)


class Messages(Service):
    """Fifty messages a request, all of them cut off."""

    name = 'msgpack_fail'

    def started(self):
        self.refused = 0
        self.gain = Gain(resident)

    def work(self, request):
        for _ in range(MESSAGES):
            try:
                msgpack.unpackb(CUT_OFF)
            except Exception:
                self.refused += 1
        self.gain.note()

    def facts(self):
        return {'messages_refused': self.refused, 'bytes_gained': self.gain.value()}


if __name__ == '__main__':
    run(Messages)
