"""Reference service `aio-fragmentation`: notes that outlive the burst of rows between which they were made."""
from bhthree import aio
from bhthree.contract import Service
from listing import listing


class Fragmentation(Service):
    """The list of attendees, and notes about some of them that stay."""

    name = 'aio-fragmentation'

    def __init__(self, settings, ledger):
        super().__init__(settings, ledger)
        self.notes = []

    async def work(self, request):
        return {'attendees': await listing(self.settings.rows, self.notes.append)}

    def facts(self):
        return {'notes': len(self.notes), 'note_bytes': sum(map(len, self.notes))}


if __name__ == '__main__':
    aio.run(Fragmentation)
