"""Attendees and their addresses, which know each other."""


class Attendee(object):
    """Somebody at the conference, with an address."""

    def __init__(self, name, city):
        self.name = name
        self.address = Address(city, self)

    # Meant to break the cycle. In Python 2.7 it does the opposite: the collector won't pick
    # which of two finalizers in a cycle to run first, and keeps both objects for ever.
    def __del__(self):
        self.address = None


class Address(object):
    """Where an attendee lives, with the attendee who lives there."""

    def __init__(self, city, attendee):
        self.city = city
        self.attendee = attendee

    def __del__(self):
        self.attendee = None
