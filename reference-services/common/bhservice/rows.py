"""The "database": a table of attendees, the same everywhere for the same seed, read through a cursor."""
import os

from twisted.internet import defer

from bhservice.clock import turn

COLUMNS = ('id', 'name', 'email', 'city', 'talk', 'paid')

_FIRST = ('Ada', 'Buhle', 'Chen', 'Dineo', 'Emre', 'Femi', 'Grace', 'Hana', 'Ines', 'Johan',
          'Kagiso')
_LAST = ('Adams', 'Botha', 'Cele', 'Dlamini', 'Evans', 'Fourie', 'Govender', 'Hassan', 'Ito',
         'Jacobs', 'Khumalo', 'Louw', 'Mokoena')
_CITY = ('Cape Town', 'Durban', 'Gaborone', 'Harare', 'Johannesburg', 'Maputo', 'Pretoria')
_TALK = ('Async for the impatient', 'Debugging live services', 'Maps and tiles',
         'Packaging, again', 'Testing in anger')

# A driver reads ahead this many rows; the reactor gets a turn for each batch.
BATCH = 20


# Which of the texts a row has: a whole number that the driver passes on. How many rows there are, and which of them
# have paid, does not depend on it, and the texts of a table are the same in another order.
_SHIFT = int(os.environ.get('BLOATHOUND_SEED', '1')) - 1


def attendee(number):
    """Row `number`, counted from 1: a tuple in the order of `COLUMNS`, freshly made."""
    place = number + _SHIFT
    name = '%s %s' % (_FIRST[place % len(_FIRST)], _LAST[place % len(_LAST)])
    email = '%s.%d@example.org' % (name.lower().replace(' ', '.'), number)
    return (number, name, email, _CITY[place % len(_CITY)], _TALK[place % len(_TALK)],
            number % 3 != 0)


class Cursor(object):
    """Reads a table of `count` attendees from the first row to the last."""

    def __init__(self, count):
        self.count = count
        self.position = 0

    @property
    def exhausted(self):
        """True when every row was fetched."""
        return self.position >= self.count

    def fetchone(self):
        """A Deferred with the next row, or with None after the last.

        Rows read ahead are there at once; the first of a batch takes a turn of the reactor,
        so that requests and background work take turns as they do with a real database.
        """
        if self.exhausted:
            return defer.succeed(None)
        self.position += 1
        number = self.position
        if (number - 1) % BATCH:
            return defer.succeed(attendee(number))
        return turn().addCallback(lambda _: attendee(number))
