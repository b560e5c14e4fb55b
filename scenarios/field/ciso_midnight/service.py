"""Reads dates that say midnight as 24:00:00."""
import ciso8601
from bhplain import Service, run
from bhplain.measures import Gain, resident

DATES = 500


class Dates(Service):
    """Five hundred dates a request."""

    name = 'ciso_midnight'

    def started(self):
        self.parsed = 0
        self.gain = Gain(resident)

    def work(self, request):
        for _ in range(DATES):
            ciso8601.parse_datetime('2014-12-05T24:00:00')
            self.parsed += 1
        self.gain.note()

    def facts(self):
        return {'dates_parsed': self.parsed, 'bytes_gained': self.gain.value()}


if __name__ == '__main__':
    run(Dates)
