"""The attendees of the conference, read row by row into models."""
from twisted.internet import defer

from bhservice import rows
from model import DBModel


def model_for(columns):
    """A model class for rows with these columns; a new one at every call."""
    class Attendee(DBModel):
        def as_dict(self):
            return dict((field, getattr(self, field)) for field in self.fields())

    Attendee.columns = columns
    return Attendee


@defer.inlineCallbacks
def list_attendees(count):
    """A Deferred with `count` attendees as dicts."""
    cursor = rows.Cursor(count)
    attendees = []
    while True:
        row = yield cursor.fetchone()
        if row is None:
            break
        model = model_for(rows.COLUMNS)
        attendees.append(model(row).as_dict())
    defer.returnValue(attendees)
