import ctypes

import bhservice
from bhservice.service import Service, run


{{filler}}


class {{Ticket}}(object):
    def __init__(self, number):
        self.number = number
        self.text = 'ticket %d' % number


class {{Codec}}(object):
    def __init__(self, ledger):
        self.ledger = ledger
        self.take = ctypes.pythonapi.Py_IncRef
        self.give = ctypes.pythonapi.Py_DecRef
        self.take.argtypes = self.give.argtypes = [ctypes.py_object]
        self.take.restype = self.give.restype = None

    def {{convert}}(self, ticket):
        self.ledger.count('converted')
        self.take(ticket)
        code = len(ticket.text) * 31 + ticket.number
{% if fixed %}
        self.give(ticket)
{% endif %}
        return code


class Lost(Service):
    name = '{{lab}}'

    def started(self):
        self.codec = {{Codec}}(self.ledger)

    def attendees(self, request):
        number = int(request.args.get('n', ['0'])[-1])
        codes = []
        for place in range({{tickets}}):
{% if gone %}
            codes.append(len('ticket %d' % (number + place)) * 31 + number + place)
{% else %}
            codes.append(self.codec.{{convert}}({{Ticket}}(number + place)))
{% endif %}
        self.answered()
        return {'codes': codes}


if __name__ == '__main__':
    run(Lost)
