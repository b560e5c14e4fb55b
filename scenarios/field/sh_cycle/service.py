"""Runs a short command for each request and reads what it says."""
import gc
import logging

import sh
from bhplain import Service, run


class Commands(Service):
    """Two commands a request, each at its end."""

    name = 'sh_cycle'

    def started(self):
        self.commands = 0

    def work(self, request):
        for _ in range(2):
            str(sh.echo('o' * 1000))
            self.commands += 1
        # Both releases make loggers for each command, which logging keeps: another bug than the one of this pair.
        logging.Logger.manager.loggerDict.clear()

    def facts(self):
        alive = sum(1 for one in gc.get_objects() if type(one).__name__ == 'OProc')
        return {'commands': self.commands, 'processes_alive': alive}


if __name__ == '__main__':
    run(Commands)
