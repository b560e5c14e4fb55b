from bhplain import Service, run


{{filler}}


class {{Badge}}(object):
    def __init__(self, number):
        self.name = 'attendee %d' % number
        self.table = number % 90


class Badges(Service):
    name = '{{lab}}'

    def started(self):
        self.{{notes}} = []

    def {{make}}(self, count):
{% if fixed %}
        for number in xrange(count):
            if number % {{every}} == 0:
                self.note('printed %d' % number)
            yield {{Badge}}(number)
{% else %}
        made = []
        for number in xrange(count):
{% if not gone %}
            if number % {{every}} == 0:
                self.note('printed %d' % number)
{% endif %}
            made.append({{Badge}}(number))
        return made
{% endif %}

    def note(self, text):
        self.{{notes}}.append(text)
        self.ledger.count('noted')
        if len(self.{{notes}}) > 4000:
            del self.{{notes}}[:2000]

    def work(self, request):
        letters = 0
        for badge in self.{{make}}({{thousands}} * 1000):
            letters += len(badge.name) + badge.table
            self.ledger.count('printed')
        return {'letters': letters}


if __name__ == '__main__':
    run(Badges)
