"""Logs by twisted.logger in a program that never began logging."""
from bhplain import Service, run
from twisted.logger import Logger, globalLogBeginner

EVENTS = 50


class Quiet(Service):
    """Fifty events a request, for no observer."""

    name = 'tw_log'

    def started(self):
        self.log = Logger()
        self.logged = 0

    def work(self, request):
        for _ in range(EVENTS):
            self.logged += 1
            self.log.info('order {number}', number=self.logged)

    def facts(self):
        return {'events_logged': self.logged,
                'events_kept': len(globalLogBeginner._initialBuffer._buffer)}


if __name__ == '__main__':
    run(Quiet)
