"""Opens an event loop for each job and closes it, with the collector switched off."""
import gc

import trollius
from bhplain import Service, run

LOOPS = 10


class Loops(Service):
    """Ten loops a request, all of them closed."""

    name = 'trol_cycle'

    def started(self):
        self.closed = 0
        trollius.new_event_loop().close()
        gc.collect()
        gc.disable()

    def work(self, request):
        for _ in range(LOOPS):
            trollius.new_event_loop().close()
            self.closed += 1

    def facts(self):
        alive = sum(1 for one in gc.get_objects() if type(one).__name__ == '_SelectorMapping')
        return {'loops_closed': self.closed, 'mappings_alive': alive}


if __name__ == '__main__':
    run(Loops)
