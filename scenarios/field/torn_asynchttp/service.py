"""Opens a loop and an HTTP client for each job, and closes both."""
import gc

from bhplain import Service, run
from tornado.httpclient import AsyncHTTPClient
from tornado.ioloop import IOLoop

JOBS = 5


class Jobs(Service):
    """Five loops with their clients a request, all of them closed."""

    name = 'torn_asynchttp'

    def started(self):
        self.closed = 0

    def work(self, request):
        for _ in range(JOBS):
            loop = IOLoop()
            client = AsyncHTTPClient(loop)
            client.close()
            loop.close(all_fds=True)
            self.closed += 1

    def facts(self):
        alive = sum(1 for one in gc.get_objects() if isinstance(one, IOLoop))
        return {'loops_closed': self.closed, 'loops_alive': alive}


if __name__ == '__main__':
    run(Jobs)
