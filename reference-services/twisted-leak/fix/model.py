"""The base of all models: knows which fields a model has."""


class DBModel:
    """A row of a table, as an object with one attribute a column."""

    columns = ()

    def __init__(self, row):
        for column, value in zip(self.columns, row):
            setattr(self, column, value)

    @classmethod
    def fields(cls):
        """The names of the public fields, in order."""
        return find_fields(cls)


def find_fields(model):
    """Look up the public fields of a model class."""
    return tuple(column for column in model.columns if not column.startswith('_'))
