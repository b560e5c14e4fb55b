import gc

from bhplain import Service, run


{{filler}}


class {{Mail}}(object):
    def __init__(self, number):
        self.number = number
        self.part = {{Part}}(self)


class {{Part}}(object):
    def __init__(self, {{whole}}):
        self.{{whole}} = {{whole}}
        self.text = 'mail %d' % {{whole}}.number


class Mailbox(Service):
    name = '{{lab}}'

{% if not fixed %}
    def started(self):
        gc.collect()
        gc.disable()

{% endif %}
    def work(self, request):
        number = request.number('n', 0)
        subjects = []
        for place in range({{mails}}):
{% if gone %}
            subjects.append('mail %d' % ((number * 7 + place) % 100))
{% else %}
            subjects.append({{Mail}}((number * 7 + place) % 100).part.text)
            self.ledger.count('sorted')
{% endif %}
        return {'subjects': sorted(subjects)}


if __name__ == '__main__':
    run(Mailbox)
