"""A server of remote objects in a thread, and a client that is connected and asks for nothing."""
import logging
import threading

import rpyc
from bhplain import Service, run
from rpyc.utils.server import ThreadedServer

logging.disable(logging.CRITICAL)


class Stock(rpyc.Service):
    """What the client could ask for."""

    def exposed_count(self):
        return 1


class Remote(Service):
    """Each request of the load is a client that connects, asks once and stays."""

    name = 'rpyc_cpu'

    def started(self):
        self.server = ThreadedServer(Stock, hostname='127.0.0.1', port=0)
        self.clients = []
        thread = threading.Thread(target=self.server.start, name='remote')
        thread.daemon = True
        thread.start()

    def work(self, request):
        client = rpyc.connect('127.0.0.1', self.server.port)
        client.root.count()
        self.clients.append(client)

    def facts(self):
        return {'clients': len(self.clients)}


if __name__ == '__main__':
    run(Remote)
