"""Starts a command in the background that reads from a queue, and has nothing to say to it yet."""
import Queue

import sh
from bhplain import Service, run


class Background(Service):
    """Each request of the load is a command with an idle queue as its standard input."""

    name = 'sh_cpu'

    def started(self):
        self.commands = []

    def work(self, request):
        self.commands.append(sh.cat(_bg=True, _in=Queue.Queue()))

    def facts(self):
        running = sum(1 for command in self.commands if command.process.is_alive()[0])
        return {'commands': len(self.commands), 'commands_running': running}


if __name__ == '__main__':
    run(Background)
