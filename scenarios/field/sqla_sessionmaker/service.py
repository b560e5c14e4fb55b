"""Makes a session class for each unit of work, with a listener on it."""
from bhplain import Service, run
from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker

MAKERS = 20


def committed(*_):
    """What a real listener would do stands here."""


class Sessions(Service):
    """Twenty session classes a request, all of them let go."""

    name = 'sqla_sessionmaker'

    def started(self):
        self.made = 0

    def work(self, request):
        for _ in range(MAKERS):
            maker = sessionmaker()
            event.listen(maker, 'after_commit', committed)
            maker().close()
            self.made += 1

    def facts(self):
        # A class lists its subclasses weakly: those alive.
        return {'classes_made': self.made, 'classes_alive': len(Session.__subclasses__())}


if __name__ == '__main__':
    run(Sessions)
