"""The rows of the "database": the same everywhere for the same seed. For CPython 2.7 and 3, without Twisted."""
import os

COLUMNS = ('id', 'name', 'email', 'city', 'talk', 'paid')

_FIRST = ('Ada', 'Buhle', 'Chen', 'Dineo', 'Emre', 'Femi', 'Grace', 'Hana', 'Ines', 'Johan',
          'Kagiso')
_LAST = ('Adams', 'Botha', 'Cele', 'Dlamini', 'Evans', 'Fourie', 'Govender', 'Hassan', 'Ito',
         'Jacobs', 'Khumalo', 'Louw', 'Mokoena')
_CITY = ('Cape Town', 'Durban', 'Gaborone', 'Harare', 'Johannesburg', 'Maputo', 'Pretoria')
_TALK = ('Async for the impatient', 'Debugging live services', 'Maps and tiles',
         'Packaging, again', 'Testing in anger')

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
