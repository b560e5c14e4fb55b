"""Submits jobs that run once to a thread pool of APScheduler."""
import datetime
import logging
import threading

import pytz
from apscheduler.executors.pool import ThreadPoolExecutor
from bhplain import Service, run

JOBS = 10

logging.disable(logging.CRITICAL)


class Scheduler(object):
    """What an executor asks of its scheduler."""

    def __init__(self):
        self._jobstores_lock = threading.RLock()

    def _create_lock(self):
        return threading.RLock()

    def _dispatch_event(self, event):
        pass


class Job(object):
    """A job as the executor sees it, run once under a name of its own."""

    misfire_grace_time = None
    max_instances = 1
    args = ()
    kwargs = {}
    _jobstore_alias = 'default'

    def __init__(self, number, may_run):
        self.id = 'job %d' % number
        self._may_run = may_run

    def func(self):
        # Not before it counts as submitted.
        self._may_run.wait()

    def __str__(self):
        return self.id


class Jobs(Service):
    """Ten jobs a request, each at its end."""

    name = 'aps_exec'

    def started(self):
        self.submitted = 0
        self.executor = ThreadPoolExecutor(1)
        self.executor.start(Scheduler(), 'default')

    def work(self, request):
        for _ in range(JOBS):
            self.submitted += 1
            may_run = threading.Event()
            job = Job(self.submitted, may_run)
            self.executor.submit_job(job, [datetime.datetime.now(pytz.utc)])
            may_run.set()
        # One worker: this is done after all of them.
        self.executor._pool.submit(int).result()

    def facts(self):
        return {'jobs_run': self.submitted, 'instances_kept': len(self.executor._instances)}


if __name__ == '__main__':
    run(Jobs)
