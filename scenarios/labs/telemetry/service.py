import collections

from bhplain import Service, run


{{filler}}


class {{Sample}}(object):
    def __init__(self, number, place):
        self.number = number
        self.text = 'sensor %d' % place


class {{Sender}}(object):
    def __init__(self, ledger):
        self.{{buffer}} = collections.deque()
        self.ledger = ledger

    def put(self, sample):
        self.{{buffer}}.append(sample)

    def flush(self):
        sent = 0
{% if fixed %}
        while self.{{buffer}}:
{% else %}
        while self.{{buffer}} and sent < {{sent}}:
{% endif %}
            self.{{buffer}}.popleft()
            self.ledger.count('sent')
            sent += 1


class Telemetry(Service):
    name = '{{lab}}'

    def started(self):
        self.uplink = {{Sender}}(self.ledger)

    def work(self, request):
        number = request.number('n', 0)
        for place in range({{measured}}):
            sample = {{Sample}}(number, place)
            self.ledger.count('measured')
{% if not gone %}
            self.uplink.put(sample)
{% endif %}
        self.uplink.flush()
        return {'measured': {{measured}}, 'last': sample.text}


if __name__ == '__main__':
    run(Telemetry)
