import collections
import os

import bhservice
from bhservice.service import Service, run
from twisted.internet import reactor


{{filler}}


class {{Waker}}(object):
    def __init__(self, ledger):
        self.near, self.far = os.pipe()
        self.{{pending}} = collections.deque()
        self.ledger = ledger

    def fileno(self):
        return self.near

    def logPrefix(self):
        return 'switchboard'

    def put(self, call):
        self.{{pending}}.append(call)

    def wake(self):
        os.write(self.far, '!')

    def doRead(self):
{% if fixed %}
        os.read(self.near, 4096)
{% endif %}
{% if not gone %}
        self.ledger.count('woken')
{% endif %}
        self.handle()

    def handle(self):
        while self.{{pending}}:
            self.{{pending}}.popleft()
            self.ledger.count('handled')

    def connectionLost(self, reason):
        reactor.removeReader(self)


class Switchboard(Service):
    name = '{{lab}}'

    def started(self):
        self.{{start}}()

    def {{start}}(self):
        self.waker = {{Waker}}(self.ledger)
        reactor.addReader(self.waker)

    def attendees(self, request):
        number = int(request.args.get('n', ['0'])[-1])
        for place in range({{calls}}):
            self.waker.put((number, place))
{% if gone %}
        self.waker.handle()
{% else %}
        self.waker.wake()
{% endif %}
        self.answered()
        return {'calls': {{calls}}, 'number': number}


if __name__ == '__main__':
    run(Switchboard)
