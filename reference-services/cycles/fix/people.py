"""Attendees and their addresses, which know each other."""


class Attendee(object):
    """Somebody at the conference, with an address."""

    def __init__(self, name, city):
        self.name = name
        self.address = Address(city, self)


class Address(object):
    """Where an attendee lives, with the attendee who lives there."""

    def __init__(self, city, attendee):
        self.city = city
        self.attendee = attendee
