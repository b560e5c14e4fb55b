"""A poller that calls a `@gen.engine` again from its own callback, for as long as the process lives."""
from bhplain import Service, run
from tornado import gen
from tornado.ioloop import IOLoop

TURNS = 10


@gen.engine
def poll(callback):
    """One turn: come back in the loop's next iteration."""
    yield gen.Task(IOLoop.instance().add_callback)
    callback()


class Poller(Service):
    """Ten turns a request; the next turn is always pending."""

    name = 'torn_genleak2'

    def started(self):
        self.turns = 0
        self.begun = False

    def turn(self):
        self.turns += 1
        if self.turns % TURNS == 0:
            IOLoop.instance().stop()
        poll(callback=self.turn)

    def work(self, request):
        if not self.begun:
            self.begun = True
            poll(callback=self.turn)
        IOLoop.instance().start()

    def facts(self):
        return {'turns': self.turns, 'contexts_pending': pending_contexts()}


def pending_contexts():
    """How many contexts the pending callback will restore: a tuple among its arguments."""
    most = 0
    for callback in IOLoop.instance()._callbacks:
        for argument in getattr(callback, 'args', ()):
            if isinstance(argument, tuple):
                most = max(most, len(argument))
    return most


if __name__ == '__main__':
    run(Poller)
