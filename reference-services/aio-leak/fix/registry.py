"""Who is here: a session for each attendee, by its number."""
import itertools

_numbers = itertools.count(1)


class Session:
    """One attendee's visit."""

    def __init__(self, row):
        self.number = next(_numbers)
        self.row = row
        self.is_open = True


class Registry:
    """All sessions that are open."""

    def __init__(self):
        self.by_number = {}

    def enter(self, row):
        """Open a session for this row."""
        session = Session(row)
        self.by_number[session.number] = session
        return session

    def leave(self, session):
        """Close it."""
        session.is_open = False
        del self.by_number[session.number]


registry = Registry()
