"""A JSON-RPC server in a thread, and a client that hangs up in the middle of what it sends."""
import socket
import threading

from bhplain import Service, run
from jsonrpclib.SimpleJSONRPCServer import SimpleJSONRPCRequestHandler, SimpleJSONRPCServer

HEAD = 'POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 1000\r\n\r\n'


class Counting(SimpleJSONRPCRequestHandler):
    """Counts who comes in and who gets out again."""

    entered = 0
    left = 0

    def do_POST(self):
        Counting.entered += 1
        SimpleJSONRPCRequestHandler.do_POST(self)
        Counting.left += 1


class Rpc(Service):
    """Each request of the load is a client that announces 1000 bytes, sends a few and is gone."""

    name = 'jsonrpc_spin'

    def started(self):
        self.server = SimpleJSONRPCServer(('127.0.0.1', 0), requestHandler=Counting,
                                          logRequests=False)
        self.server.register_function(lambda: 1, 'one')
        thread = threading.Thread(target=self.server.serve_forever, name='rpc')
        thread.daemon = True
        thread.start()

    def work(self, request):
        client = socket.create_connection(self.server.server_address)
        client.sendall(HEAD + '{"jsonrpc":')
        client.close()

    def facts(self):
        return {'calls_entered': Counting.entered, 'calls_left': Counting.left}


if __name__ == '__main__':
    run(Rpc)
