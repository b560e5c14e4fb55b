"""Reads messages with hooks that turn them into objects of the program's own."""
import msgpack
from bhplain import Service, run
from bhplain.measures import Gain, settled

MESSAGES = 50


def station(fields):
    """A hook: what the program makes of a mapping."""
    return {'station': fields['station']}


def values(numbers):
    """A hook: what it makes of a list."""
    return list(numbers)


class Messages(Service):
    """Fifty messages a request, none of them kept."""

    name = 'msgpack_hook'

    def started(self):
        self.read = 0
        self.gain = Gain(settled)
        self.message = msgpack.packb({'station': 7, 'values': [1, 2]})

    def work(self, request):
        for _ in range(MESSAGES):
            msgpack.unpackb(self.message, object_hook=station, list_hook=values)
            self.read += 1
        self.gain.note()

    def facts(self):
        return {'messages_read': self.read, 'objects_gained': self.gain.value()}


if __name__ == '__main__':
    run(Messages)
