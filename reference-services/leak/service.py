"""Reference service `leak`: a class made for each row, and a cache that keeps them all."""
import sys
import weakref

import bhservice  # first: Twisted can't be imported without it
from twisted.internet import defer

from attendees import list_attendees
from bhservice.service import Service, run
from model import DBModel


class Leak(Service):
    """A list of attendees whose every row leaves a class behind."""

    name = 'leak'

    @defer.inlineCallbacks
    def attendees(self, request):
        attendees = yield list_attendees(self.settings.rows)
        self.answered(leaked_objects=len(kept_classes()))
        defer.returnValue({'attendees': attendees})

    def facts(self):
        kept = kept_classes()
        return {
            'leaked_objects': len(kept),
            # All are made by the same statement, so one stands for all.
            'leaked_bytes': len(kept) * sum(map(size_of_class, list(kept)[:1])),
            # Found by weak references: classes that only await collection are counted too.
            'model_classes': len(DBModel.__subclasses__()),
        }


def kept_classes():
    """The classes that the cache keeps; the fixed twin has no cache."""
    return getattr(DBModel, '_field_cache', {})


def size_of_class(cls):
    """An estimate in bytes of what one kept class takes, without the cache's own table."""
    parts = [cls, dict(cls.__dict__), cls.__mro__, cls.__bases__, cls.as_dict.__func__,
             weakref.ref(cls), kept_classes()[cls]]
    return sum(sys.getsizeof(part) for part in parts)


if __name__ == '__main__':
    run(Leak)
