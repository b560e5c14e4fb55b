"""Threads that sleep, each at a depth of its own; for comparing stacks."""
import sys
import threading
import time


class Worker(object):
    """Sleeps below some calls."""

    def __init__(self, depth):
        self.depth = depth

    def descend(self, left):
        """Calls itself `left` times."""
        if left:
            return (
                self.descend(left - 1)
            )
        return self.rest()

    def rest(self):
        """Sleeps in a list comprehension, a generator and a lambda."""
        def turns():
            for turn in range(10 ** 6):
                yield (lambda: time.sleep(600))()
        return [turn for turn in turns()]


def main():
    for depth in (0, 3, 17):
        thread = threading.Thread(target=Worker(depth).descend, args=(depth,), name='depth-%d' % depth)
        thread.setDaemon(True)
        thread.start()
    sys.stdout.write('ready\n')
    sys.stdout.flush()
    Worker(5).descend(5)


if __name__ == '__main__':
    main()
