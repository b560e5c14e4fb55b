"""What the recorded image of CPython 3 is of: sessions that a registry keeps, cycles that wait, a coroutine, a thread."""
import gc
import sys


class Session:
    def __init__(self, number):
        self.number = number
        self.user = 'user-%d' % number
        self.history = [('login', number)]


class Knot:
    pass


class Closing:
    def __del__(self):
        pass


class Registry:
    sessions = {}

    def keep(self, session):
        self.sessions[session.number] = session


async def waits(session):
    await Never()
    return session


class Never:
    def __await__(self):
        yield self


def tie(number):
    knot = Knot()
    knot.other = [knot]
    if number < 10:
        knot.closing = Closing()
        knot.closing.knot = knot


def main():
    registry = Registry()
    for number in range(500):
        registry.keep(Session(number))
    gc.collect()
    gc.disable()
    suspended = waits(registry.sessions[7])
    suspended.send(None)
    for number in range(300):
        tie(number)
    sys.stdout.write('ready\n')
    sys.stdout.flush()
    sys.stdin.readline()
    suspended.close()


if __name__ == '__main__':
    main()
