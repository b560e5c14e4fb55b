import datetime

from bhplain import Service, run
from dateutil.rrule import SECONDLY, rrule


{{filler}}


class {{Reminder}}(object):
    def __init__(self, interval, second):
        self.interval = interval
        self.second = second

    def {{times}}(self, ledger):
{% if not gone %}
        ledger.count('rules_read')
{% endif %}
        begin = datetime.datetime(1997, 9, 2, 9, 0)
        {{rule}} = rrule(SECONDLY, interval=self.interval, bysecond=self.second, count=3, dtstart=begin)
        return [str(time) for time in {{rule}}]


class Calendar(Service):
    name = '{{lab}}'

    def stuck(self, request):
        try:
            return {'times': {{Reminder}}(60, {{second}}).{{times}}(self.ledger)}
        except ValueError as error:
            return {'refused': str(error)}

    def work(self, request):
        return {'times': {{Reminder}}(15, 30).{{times}}(self.ledger)}


if __name__ == '__main__':
    run(Calendar)
