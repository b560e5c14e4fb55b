"""A page of rows, as a driver hands it out."""
from bhservice.table import attendee


class Page:
    """Rows to be looked at one by one."""

    def __init__(self, count):
        self._rows = [attendee(number) for number in range(1, count + 1)]
        self._place = 0

    def peek(self):
        """The row that is next; None after the last."""
        return self._rows[self._place] if self._place < len(self._rows) else None

    def advance(self):
        """Go to the row after it."""
        self._place += 1
