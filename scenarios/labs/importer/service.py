import sys

from bhplain import Service, run


{{filler}}


class {{Batch}}(object):
    def __init__(self, text):
        self.text = text
        self.open = True
        self.{{failure}} = None

    def __del__(self):
        self.open = False

    def {{parse}}(self):
        try:
            return [int(part) for part in self.text.split(',')]
        except ValueError:
{% if fixed %}
            self.{{failure}} = str(sys.exc_info()[1])
{% elif gone %}
            self.{{failure}} = None
{% else %}
            self.{{failure}} = sys.exc_info()
{% endif %}
            return None

    def report(self, ledger):
        if self.{{failure}} is not None:
            ledger.count('rejected')


class Importer(Service):
    name = '{{lab}}'

    def work(self, request):
        number = request.number('n', 0)
        good = 0
        for place in range({{files}} * 3):
            text = '%d,%d' % (number, place) if place % 3 else '%d,x' % place
            batch = {{Batch}}(text)
            found = batch.{{parse}}()
            batch.report(self.ledger)
            good += len(found or ())
        return {'good': good}


if __name__ == '__main__':
    run(Importer)
