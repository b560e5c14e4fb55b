"""A small Twisted service with the kit, for the tests: GET /ok and some ways to misbehave."""
import Queue
import json
import logging
import os
import resource as limits
import sys
import threading
import time

from twisted.internet import reactor, threads
from twisted.logger import Logger, globalLogBeginner
from twisted.web import resource, server

import diagnostics

_standard = logging.getLogger('shop.orders')
_twisted = Logger(namespace='shop.payments')
stop_spinning = False
# As if read from the environment.
password = ''.join(['hunter2-of-the-module'])


class Evil(type):
    """A metaclass whose every hook leaves a trace."""

    def __eq__(cls, other):
        return note('metaclass __eq__')

    def __hash__(cls):
        note('metaclass __hash__')
        return 1

    def __instancecheck__(cls, other):
        return note('__instancecheck__')

    def __subclasscheck__(cls, other):
        return note('__subclasscheck__')


notes = []


def note(what):
    notes.append(what)
    return False


class Trap(object):
    """Whoever touches an instance other than through the collector is noted."""
    __metaclass__ = Evil

    def __getattribute__(self, name):
        note('__getattribute__ ' + name)
        return object.__getattribute__(self, name)

    def __sizeof__(self):
        note('__sizeof__')
        return 7

    def __repr__(self):
        return repr(note('__repr__'))

    def __eq__(self, other):
        return note('__eq__')

    def __hash__(self):
        note('__hash__')
        return 1

    def __len__(self):
        note('__len__')
        return 1


class OldTrap:
    """The same, old style."""

    def __getattr__(self, name):
        note('old __getattr__ ' + name)
        raise AttributeError(name)

    def __del__(self):
        pass


class Node(object):
    """Something to find in a dump."""

    def __init__(self, held):
        self.held = held


traps = [Trap(), OldTrap()]
shared = ('a tuple', ['that three refer to'])
nodes = [Node(shared), Node(shared)]
secrets = {'token': 'hunter2-is-a-secret', 'hunter2key': 1}


def spin():
    turns = 0
    while not stop_spinning:
        turns += 1
        turns -= 1


def spin_calling():
    while not stop_spinning:
        step()


def step():
    return 1


def busy_in_thread():
    for _ in range(200):
        step()


def poll(how):
    """A thread that runs before tracing does, and waits in one of the ways there are."""
    queue, event = Queue.Queue(), threading.Event()
    wait = {'sleep': lambda: time.sleep(0.01), 'event': lambda: event.wait(0.01),
            'queue': lambda: (queue.put(1), queue.get())}[how]

    def polling():
        while True:
            wait()
            polled(how)
    thread = threading.Thread(target=polling, name=how)
    thread.daemon = True
    thread.start()


class Short(threading.Thread):
    """Ends soon, and notes the trace function that it ends with."""

    def run(self):
        step()

    def _Thread__stop(self):
        shorts.append(str(sys.gettrace()))
        threading.Thread._Thread__stop(self)


shorts = []


def polled(how):
    polls[how] = str(sys.gettrace())
    time.sleep(0.005)


polls = {}


def log_things(request):
    body = request.args.get('body', [''])[0]
    _standard.debug('an order of %d pieces with %s', 3, body)
    _standard.debug('an order with ' + body)
    _standard.debug('a form %(form)s', {'form': {'password': body}})
    _standard.info('%s', body)
    _standard.debug(password)
    _twisted.debug('paid {amount} with {card} by {request}', amount=5, card=body, request=request)
    _twisted.info(u'text ' + body.decode('latin-1'))
    try:
        raise ValueError(body)
    except ValueError:
        _standard.exception('a failure')


class Root(resource.Resource):
    isLeaf = True

    def render(self, request):
        handler = getattr(self, 'do_' + request.path.strip('/'), None)
        return json.dumps(handler(request) if handler else None)

    def do_ok(self, request):
        return 'ok'

    def do_spin(self, request):
        (spin_calling if 'calling' in request.args else spin)()

    def do_log(self, request):
        log_things(request)

    def do_thread(self, request):
        threads.deferToThread(busy_in_thread)

    def do_state(self, request):
        return {'notes': notes, 'trace': str(sys.gettrace()), 'modules': sorted(
            name for name in sys.modules if sys.modules[name] is not None),
            'fds': len(os.listdir('/proc/self/fd')), 'threads': threading.activeCount(),
            'shared_id': id(shared), 'secret_id': id(secrets['token']), 'nodes_id': id(nodes),
            'trap_ids': map(id, traps)}

    def do_poll(self, request):
        poll(request.args['how'][0])

    def do_short(self, request):
        thread = Short()
        thread.start()
        thread.join()
        return shorts

    def do_polls(self, request):
        # Each thread's trace function in its last turn, and whether anything is in place of these.
        return {'polls': polls, 'put': [repr(time.sleep), repr(threading._Condition.wait),
                                        repr(Queue.Queue.get)]}

    def do_grow(self, request):
        count = int(request.args['count'][0])
        nodes.extend(Node([number]) for number in xrange(count))

    def do_limit(self, request):
        size = int(request.args['bytes'][0])
        limits.setrlimit(limits.RLIMIT_FSIZE, (size, limits.RLIM_INFINITY))


def main():
    # What a service does at first: otherwise Twisted keeps events in memory.
    def tell(event):
        if event.get('isError') and 'log_failure' in event:
            sys.stderr.write(event['log_failure'].getTraceback())

    globalLogBeginner.beginLoggingTo([tell], discardBuffer=True, redirectStandardIO=False)
    handler = logging.StreamHandler(sys.stderr)
    logging.getLogger().addHandler(handler)
    port = reactor.listenTCP(0, server.Site(Root()), interface='127.0.0.1', backlog=128)
    kit = diagnostics.install(reactor, 'shop', sys.argv[1])
    if kit is not None:
        kit.logs.allow(['pieces'])
    for argument in sys.argv:
        if argument.startswith('login-seconds='):
            from diagnostics import manhole
            manhole.LOGIN_SECONDS = int(argument.split('=')[1])
    reactor.callWhenRunning(lambda: (sys.stdout.write(json.dumps(
        {'pid': os.getpid(), 'port': port.getHost().port, 'kit': kit is not None}) + '\n'),
        sys.stdout.flush()))
    # Ends with its parent, whose pipe our standard input is.
    reader = threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)))
    reader.daemon = True
    if 'no-parent' not in sys.argv:
        reader.start()
    reactor.run()


if __name__ == '__main__':
    main()
