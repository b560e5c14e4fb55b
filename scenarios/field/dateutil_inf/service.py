"""Lists the times of a calendar rule that can never come true."""
import datetime

from bhplain import Service, run
from dateutil.rrule import SECONDLY, rrule


class Calendar(Service):
    """A rule for each minute's second 0 that asks for second 30."""

    name = 'dateutil_inf'

    def stuck(self, request):
        try:
            rule = rrule(SECONDLY, interval=60, bysecond=30, count=3,
                         dtstart=datetime.datetime(1997, 9, 2, 9, 0))
            return {'times': len(list(rule))}
        except ValueError as error:
            return {'refused': str(error)}

    def work(self, request):
        rule = rrule(SECONDLY, interval=15, bysecond=30, count=3,
                     dtstart=datetime.datetime(1997, 9, 2, 9, 0))
        return {'times': len(list(rule))}


if __name__ == '__main__':
    run(Calendar)
