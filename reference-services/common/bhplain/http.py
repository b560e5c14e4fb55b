"""As much of HTTP as the driver speaks: one request a connection, JSON as the answer."""
import json
import urlparse

_HEAD_BYTES_MAX = 64 << 10
_REASONS = {200: 'OK', 400: 'Bad Request', 403: 'Forbidden', 404: 'Not Found',
            405: 'Method Not Allowed', 500: 'Internal Server Error'}


class Request(object):
    """Method, path, and the query's last value of each name."""

    def __init__(self, method, path, query):
        self.method = method
        self.path = path
        self.query = query

    def number(self, name, default):
        """A whole number of the query."""
        return int(self.query.get(name, default))


def read_request(connection):
    """The request of a connection; None where there is none that could be read."""
    head = ''
    while '\r\n\r\n' not in head:
        if len(head) > _HEAD_BYTES_MAX:
            return None
        chunk = connection.recv(16 << 10)
        if not chunk:
            return None
        head += chunk
    words = head.split('\r\n', 1)[0].split(' ')
    if len(words) != 3 or not words[1].startswith('/'):
        return None
    path, _, query = words[1].partition('?')
    values = dict(urlparse.parse_qsl(query)) if query else {}
    return Request(words[0], path, values)


def send_answer(connection, status, value):
    """Write a whole answer; a client that is gone by now is nobody's error."""
    body = json.dumps(value, sort_keys=True) + '\n'
    head = ('HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n'
            'Connection: close\r\n\r\n' % (status, _REASONS[status], len(body)))
    try:
        connection.sendall(head + body)
    except EnvironmentError:
        pass
