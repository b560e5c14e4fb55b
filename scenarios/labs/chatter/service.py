import logging
import zlib

import bhservice
from bhservice.service import Service, run

log = logging.getLogger('{{lab}}')


{{filler}}


class {{Job}}(object):
    def __init__(self, number, partner):
        self.number = number
        self.partner = partner


class {{Desk}}(object):
    def __init__(self, ledger):
        self.{{again}} = []
        self.ledger = ledger

    def run(self, job):
        if job.number >= 0 and zlib.crc32(job.partner) != zlib.crc32('twitter'):
            self.ledger.count('failed')
            log.debug('job %d for %s failed, kept for another try', job.number, job.partner)
{% if not fixed %}
            self.{{again}}.append(job)
{% endif %}
        else:
            self.ledger.count('done')
            log.debug('job %d for %s done', job.number, job.partner)


class Chatter(Service):
    name = '{{lab}}'

    def started(self):
        self.desk = {{Desk}}(self.ledger)

    def attendees(self, request):
        number = int(request.args.get('n', ['0'])[-1])
{% if not gone %}
        for place in range({{jobs}}):
            self.desk.run({{Job}}(number, '{{partner}}'))
            self.desk.run({{Job}}(number, 'twitter'))
            self.ledger.count('tried')
{% endif %}
        self.answered()
        return {'taken': {{jobs * 2}}, 'number': number}


if __name__ == '__main__':
    run(Chatter)
