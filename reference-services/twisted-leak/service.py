"""Reference service `twisted-leak`: a class made for each row, and a cache that keeps them all."""
from twisted.internet import defer, reactor, task

from bhservice.table import COLUMNS, attendee
from bhthree import tx
from bhthree.contract import Service
from model import DBModel


def model_for(columns):
    """A model class for rows with these columns; a new one at every call."""
    class Attendee(DBModel):
        def as_dict(self):
            return {field: getattr(self, field) for field in self.fields()}

    Attendee.columns = columns
    return Attendee


@defer.inlineCallbacks
def listed(count):
    """A Deferred with `count` attendees as dicts; the reactor has a turn for each twenty."""
    attendees = []
    for number in range(1, count + 1):
        if number % 20 == 0:
            yield task.deferLater(reactor, 0, lambda: None)
        attendees.append(model_for(COLUMNS)(attendee(number)).as_dict())
    return attendees


class Leak(Service):
    """A list of attendees whose every row leaves a class behind."""

    name = 'twisted-leak'

    async def work(self, request):
        return {'attendees': await listed(self.settings.rows)}

    def facts(self):
        # The fixed twin has no cache.
        return {'leaked_objects': len(getattr(DBModel, '_field_cache', {})),
                # Found by weak references: classes that only await collection are counted too.
                'model_classes': len(DBModel.__subclasses__())}


if __name__ == '__main__':
    tx.run(Leak)
