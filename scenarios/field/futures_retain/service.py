"""Reads results as they come from a long list of jobs, and lets each go."""
import gc
import threading

from bhplain import Service, run
from concurrent.futures import ThreadPoolExecutor, as_completed

JOBS = 2000
RESULTS = 20


class Result(object):
    """What a job gives."""


class Results(Service):
    """Twenty results a request, of two thousand jobs that were submitted at the start."""

    name = 'futures_retain'

    def started(self):
        self.read = 0
        self.permits = threading.Semaphore(0)
        pool = ThreadPoolExecutor(1)
        self.completed = as_completed([pool.submit(self.job) for _ in range(JOBS)])

    def job(self):
        self.permits.acquire()
        return Result()

    def work(self, request):
        for _ in range(RESULTS):
            self.permits.release()
            next(self.completed).result()
            self.read += 1

    def facts(self):
        alive = sum(1 for one in gc.get_objects() if type(one) is Result)
        return {'results_read': self.read, 'results_alive': alive}


if __name__ == '__main__':
    run(Results)
