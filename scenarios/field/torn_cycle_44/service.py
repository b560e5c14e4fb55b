"""Fetches from a server of its own, with the collector switched off as latency-bound services do."""
import gc

from bhplain import Service, run
from bhplain.measures import Gain, tracked
from tornado import gen, httpclient, httpserver, web
from tornado.ioloop import IOLoop
from tornado.testing import bind_unused_port

FETCHES = 5


class Hello(web.RequestHandler):
    """The least that answers."""

    def get(self):
        self.finish('hello')


class Fetches(Service):
    """Five fetches over loopback a request."""

    name = 'torn_cycle_44'

    def started(self):
        self.fetched = 0
        self.gain = Gain(tracked)
        listener, self.port = bind_unused_port()
        self.server = httpserver.HTTPServer(web.Application([('/', Hello)]))
        self.server.add_socket(listener)
        IOLoop.instance().run_sync(self.fetch)
        gc.collect()
        gc.disable()

    @gen.coroutine
    def fetch(self):
        # Without timeouts: those that are cancelled stay in the loop's list for a while, and that is no part of the bug.
        yield httpclient.AsyncHTTPClient().fetch('http://127.0.0.1:%d/' % self.port,
                                                 connect_timeout=0, request_timeout=0)

    def work(self, request):
        for _ in range(FETCHES):
            IOLoop.instance().run_sync(self.fetch)
            self.fetched += 1
        self.gain.note()

    def facts(self):
        return {'fetched': self.fetched, 'objects_gained': self.gain.value()}


if __name__ == '__main__':
    run(Fetches)
