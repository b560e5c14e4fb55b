"""As much of HTTP as the driver speaks: one request a connection, without a body, and JSON as the answer."""
import json
from urllib.parse import parse_qsl

_HEAD_BYTES_MAX = 64 << 10
_REASONS = {200: 'OK', 400: 'Bad Request', 403: 'Forbidden', 404: 'Not Found',
            405: 'Method Not Allowed', 500: 'Internal Server Error'}


class Request:
    """Method, path, and the query's last value of each name."""

    def __init__(self, method, path, query):
        self.method = method
        self.path = path
        self.query = query


class Reader:
    """Takes the bytes of a connection and says when its request is there."""

    def __init__(self):
        self._head = b''
        self.request = None
        self.is_bad = False

    def feed(self, data):
        """True once it is known what the request is, or that there is none that could be read."""
        self._head += data
        if b'\r\n\r\n' in self._head:
            self.request = _parsed(self._head)
        elif len(self._head) <= _HEAD_BYTES_MAX:
            return False
        self.is_bad = self.request is None
        self._head = b''
        return True


def _parsed(head):
    words = head.split(b'\r\n', 1)[0].decode('latin-1').split(' ')
    if len(words) != 3 or not words[1].startswith('/'):
        return None
    path, _, query = words[1].partition('?')
    return Request(words[0], path, dict(parse_qsl(query)))


def answer(status, value):
    """The bytes of a whole answer."""
    # Unsorted: the encoder that sorts is in Python, and leaves cycles behind.
    body = json.dumps(value).encode('ascii') + b'\n'
    head = ('HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n'
            % (status, _REASONS[status], len(body)))
    return head.encode('ascii') + body
