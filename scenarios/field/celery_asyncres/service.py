"""Asks for the result of a task by its id and forgets it again."""
from bhplain import Service, run
from celery import Celery
from celery.result import AsyncResult

RESULTS = 10


class Results(Service):
    """Ten results a request, none of them kept."""

    name = 'celery_asyncres'

    def started(self):
        self.app = Celery('shop', broker='memory://', backend='cache+memory://')
        self.asked = 0

    def work(self, request):
        for _ in range(RESULTS):
            self.asked += 1
            AsyncResult('task %d' % self.asked, app=self.app)

    def facts(self):
        return {'results_asked': self.asked}


if __name__ == '__main__':
    run(Results)
