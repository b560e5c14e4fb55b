"""Orders, read from the attendees' badges."""
from bhservice.table import attendee


class Unpaid(Exception):
    """Who has not paid can't order."""


async def order(number, rows):
    """An order of attendee `number`. It reads a whole page to find one row, as such code does."""
    page = [attendee(one) for one in range(number, number + rows)]
    row = page[0]
    if not row[5]:
        raise Unpaid(row[0])
    return {'name': row[1]}
