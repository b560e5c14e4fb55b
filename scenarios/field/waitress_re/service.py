"""Parses the head of a request that a client has made to be slow."""
from bhplain import Service, run
from waitress.adjustments import Adjustments
from waitress.parser import HTTPRequestParser

# Every character doubles the time that the release with the bug takes.
FIELD = 'a' * 60 + '\x10'


def parse(field):
    """Whether the head is refused."""
    parser = HTTPRequestParser(Adjustments())
    parser.received('GET / HTTP/1.1\r\nHost: here\r\nNote: %s\r\n\r\n' % field)
    return parser.error is not None


class Heads(Service):
    """One head a request; the one of `GET /stuck` was made to be slow."""

    name = 'waitress_re'

    def stuck(self, request):
        return {'refused': parse(FIELD)}

    def work(self, request):
        return {'refused': parse('plain')}


if __name__ == '__main__':
    run(Heads)
