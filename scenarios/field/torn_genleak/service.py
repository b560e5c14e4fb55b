"""A worker that never ends and yields to a short `@gen.engine` again and again."""
import gc

from bhplain import Service, run
from tornado import gen
from tornado.ioloop import IOLoop

STEPS = 20


@gen.engine
def step(callback):
    """One short step."""
    yield gen.Task(IOLoop.instance().add_callback)
    callback()


class Worker(Service):
    """Twenty steps of the one worker a request."""

    name = 'torn_genleak'

    def started(self):
        self.steps = 0
        self.begun = False

    @gen.engine
    def forever(self):
        while True:
            yield gen.Task(step)
            self.steps += 1
            if self.steps % STEPS == 0:
                IOLoop.instance().stop()

    def work(self, request):
        if not self.begun:
            self.begun = True
            self.forever()
        IOLoop.instance().start()

    def facts(self):
        runners = sum(1 for one in gc.get_objects() if isinstance(one, gen.Runner))
        return {'steps': self.steps, 'runners_alive': runners}


if __name__ == '__main__':
    run(Worker)
