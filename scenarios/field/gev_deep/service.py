"""A greenlet that spawns its successor, again and again, as a poller that re-arms itself does."""
import gevent
from bhplain import Service, run
from gevent.event import Event

SUCCESSORS = 50


class Relay(Service):
    """Fifty successors a request; the last of them waits."""

    name = 'gev_deep'

    def started(self):
        self.spawned = 0
        self.go = Event()
        self.stopped = Event()
        self.last = gevent.spawn(self.leg)

    def leg(self):
        if self.spawned % SUCCESSORS == 0:
            self.stopped.set()
            self.go.wait()
            self.go.clear()
        self.spawned += 1
        self.last = gevent.spawn(self.leg)

    def work(self, request):
        self.stopped.wait()
        self.stopped.clear()
        self.go.set()
        self.stopped.wait()

    def facts(self):
        depth, frame = 0, self.last.spawning_stack
        while frame is not None:
            depth, frame = depth + 1, frame.f_back
        return {'spawned': self.spawned, 'frames_kept': depth}


if __name__ == '__main__':
    run(Relay)
