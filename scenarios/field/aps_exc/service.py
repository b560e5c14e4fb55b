"""Runs jobs that fail, with the collector switched off as latency-bound services do."""
import datetime
import gc
import logging
import sys

import pytz
from apscheduler.executors.base import run_job
from bhplain import Service, run

JOBS = 10

logging.disable(logging.CRITICAL)


class Order(object):
    """What a job works on."""


class Job(object):
    """A job as the executor sees it."""

    id = 'order'
    misfire_grace_time = None
    args = ()
    kwargs = {}

    def func(self):
        order = Order()
        raise ValueError('no stock for %r' % order)

    def __str__(self):
        return self.id


class Jobs(Service):
    """Ten failing jobs a request."""

    name = 'aps_exc'

    def started(self):
        self.failed = 0
        gc.collect()
        gc.disable()

    def work(self, request):
        for _ in range(JOBS):
            run_job(Job(), 'default', [datetime.datetime.now(pytz.utc)], 'jobs')
            self.failed += 1
        sys.exc_clear()

    def facts(self):
        alive = sum(1 for one in gc.get_objects() if type(one) is Order)
        return {'jobs_failed': self.failed, 'orders_alive': alive}


if __name__ == '__main__':
    run(Jobs)
