"""The base of all models: knows which fields a model has."""


class DBModel:
    """A row of a table, as an object with one attribute a column."""

    columns = ()

    # Looking the fields up is slow, so they are remembered for each class. Whoever makes
    # classes as they go along makes this dict keep every one of them for ever.
    _field_cache = {}

    def __init__(self, row):
        for column, value in zip(self.columns, row):
            setattr(self, column, value)

    @classmethod
    def fields(cls):
        """The names of the public fields, in order."""
        if cls not in cls._field_cache:
            cls._field_cache[cls] = find_fields(cls)
        return cls._field_cache[cls]


def find_fields(model):
    """Look up the public fields of a model class."""
    return tuple(column for column in model.columns if not column.startswith('_'))
