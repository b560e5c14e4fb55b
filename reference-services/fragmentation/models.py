"""Attendees as objects: a class is made for each row, and nothing keeps it."""


class DBModel(object):
    """A row of a table, as an object with one attribute a column."""

    columns = ()

    def __init__(self, row):
        for column, value in zip(self.columns, row):
            setattr(self, column, value)


def model_for(names):
    """A model class for rows with these columns; a new one at every call.

    Nobody keeps it, yet it does not die with its last instance: a class refers to itself
    through its ``__mro__``, so it stays until the collector comes by.
    """
    class Attendee(DBModel):
        columns = names

        def as_dict(self):
            return dict((column, getattr(self, column)) for column in self.columns)

    return Attendee
