"""The list of attendees."""
import asyncio

from bhservice.table import attendee


class Attendee:
    """A row as an object."""

    def __init__(self, row):
        self.number, self.name, self.email, self.city, self.talk, self.paid = row
        self.words = [word.lower() for word in row[1].split()]
        self.sizes = {'name': len(row[1]), 'email': len(row[2])}


async def listing(rows, note):
    """How many attendees there are: all of them are in memory at once, and some are noted meanwhile."""
    attendees = []
    for number in range(1, rows + 1):
        attendees.append(Attendee(attendee(number)))
        if number % 40 == 0:
            note('%s was here' % attendees[-1].email)
        if number % 100 == 0:
            await asyncio.sleep(0)
    return len(attendees)
