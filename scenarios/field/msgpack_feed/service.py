"""Reads a stream of messages that never ends, as from a socket that stays open."""
import msgpack
from bhplain import Service, run
from msgpack.fallback import Unpacker

MESSAGES = 50


class Stream(Service):
    """Fifty messages of a kilobyte a request, each read to its end."""

    name = 'msgpack_feed'

    def started(self):
        self.stream = Unpacker()
        self.message = msgpack.packb('m' * 1000)
        self.read = 0

    def work(self, request):
        for _ in range(MESSAGES):
            self.stream.feed(self.message)
            for _ in self.stream:
                self.read += 1

    def facts(self):
        return {'messages_read': self.read, 'buffer_bytes': len(self.stream._buffer)}


if __name__ == '__main__':
    run(Stream)
