"""What every kind of hard negative can do; this one does nothing of it."""


class Kind(object):
    """An idle reactor between requests that leave nothing behind."""

    def __init__(self, settings, ledger):
        self.settings = settings
        self.ledger = ledger

    def started(self):
        """Called once, when the service listens."""

    def request(self):
        """Called for each `GET /attendees`."""

    def work(self):
        """Called instead for `GET /attendees?stuck=1`; the reactor waits meanwhile."""

    def facts(self):
        """Numbers for the ledger."""
        return {}
