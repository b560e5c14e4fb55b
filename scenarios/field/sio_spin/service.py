"""A client of a socket.io server that closes its web socket."""
import base64
import hashlib
import socket
import threading

from bhplain import Service, run
from socketIO_client import SocketIO

MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'


class Server(object):
    """As much of socket.io 0.9 as the client asks for; it hangs up after the first message."""

    def __init__(self):
        self.closed = 0
        self.listener = socket.socket()
        self.listener.bind(('127.0.0.1', 0))
        self.listener.listen(5)
        self.port = self.listener.getsockname()[1]
        self.may_close = threading.Event()
        thread = threading.Thread(target=self.serve, name='server')
        thread.daemon = True
        thread.start()

    def serve(self):
        while True:
            connection = self.listener.accept()[0]
            head = ''
            while '\r\n\r\n' not in head:
                head += connection.recv(4096)
            if 'pgrade' in head:
                self.upgrade(connection, head)
            else:
                body = 'session:60:60:websocket,xhr-polling'
                connection.sendall('HTTP/1.1 200 OK\r\nContent-Length: %d\r\n'
                                   'Connection: close\r\n\r\n%s' % (len(body), body))
                connection.close()

    def upgrade(self, connection, head):
        key = [line.split(': ', 1)[1] for line in head.split('\r\n')
               if line.lower().startswith('sec-websocket-key: ')][0]
        answer = base64.b64encode(hashlib.sha1(key + MAGIC).digest())
        connection.sendall('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n'
                           'Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n' % answer)
        connection.sendall('\x81\x03' + '1::')
        self.may_close.wait()
        connection.close()
        self.closed += 1


class Client(Service):
    """Each request of the load is a client whose server goes away."""

    name = 'sio_spin'

    def started(self):
        self.server = Server()
        self.clients = []

    def work(self, request):
        self.server.may_close.clear()
        self.clients.append(SocketIO('127.0.0.1', self.server.port))
        self.server.may_close.set()

    def facts(self):
        return {'clients': len(self.clients), 'sockets_closed': self.server.closed}


if __name__ == '__main__':
    run(Client)
