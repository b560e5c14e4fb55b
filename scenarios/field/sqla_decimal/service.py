"""Turns the numbers of a result into decimals, by SQLAlchemy's processors in C."""
from decimal import Decimal

from bhplain import Service, run
from bhplain.measures import Gain, resident
from sqlalchemy.cprocessors import DecimalResultProcessor

NUMBERS = 500


class Numbers(Service):
    """Five hundred numbers a request."""

    name = 'sqla_decimal'

    def started(self):
        self.processor = DecimalResultProcessor(Decimal, '%.10f')
        self.processed = 0
        self.gain = Gain(resident)

    def work(self, request):
        for number in range(NUMBERS):
            self.processor.process(number * 1.5 + 0.25)
            self.processed += 1
        self.gain.note()

    def facts(self):
        return {'numbers_processed': self.processed, 'bytes_gained': self.gain.value()}


if __name__ == '__main__':
    run(Numbers)
