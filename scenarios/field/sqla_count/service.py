"""Counts the rows of a table, by SQLAlchemy's rows in C."""
import sqlalchemy.cresultproxy  # noqa: F401: the part in C has to be there
from bhplain import Service, run
from bhplain.measures import Gain, settled
from sqlalchemy import Column, Integer, create_engine
from sqlalchemy.ext.declarative import declarative_base
from sqlalchemy.orm import sessionmaker

COUNTS = 5

Base = declarative_base()


class Order(Base):
    """A row."""

    __tablename__ = 'orders'
    id = Column(Integer, primary_key=True)


class Counts(Service):
    """Five counts a request."""

    name = 'sqla_count'

    def started(self):
        engine = create_engine('sqlite://')
        Base.metadata.create_all(engine)
        self.session = sessionmaker(engine)()
        self.counted = 0
        self.gain = Gain(settled)

    def work(self, request):
        for _ in range(COUNTS):
            self.session.query(Order).count()
            self.counted += 1
        self.gain.note()

    def facts(self):
        return {'counts': self.counted, 'objects_gained': self.gain.value()}


if __name__ == '__main__':
    run(Counts)
