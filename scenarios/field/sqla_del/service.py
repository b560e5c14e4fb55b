"""Makes rows of a mapped class that has a `__del__`, and drops them before they are stored."""
import warnings

from bhplain import Service, run
from sqlalchemy import Column, Integer
from sqlalchemy.ext.declarative import declarative_base

ROWS = 10

warnings.simplefilter('ignore')
Base = declarative_base()


class Draft(Base):
    """A row with a finalizer."""

    __tablename__ = 'drafts'
    id = Column(Integer, primary_key=True)

    def __del__(self):
        pass


class Drafts(Service):
    """Ten drafts a request, none of them kept."""

    name = 'sqla_del'

    def started(self):
        self.dropped = 0

    def work(self, request):
        for _ in range(ROWS):
            self.dropped += 1
            Draft(id=self.dropped)

    def facts(self):
        return {'drafts_dropped': self.dropped}


if __name__ == '__main__':
    run(Drafts)
