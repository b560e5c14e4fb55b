from bhplain import Service, run


{{filler}}


def {{render}}(number, ledger):
    {{total}} = number
    {{rows}} = range(400)
    for step in xrange({{steps}}):  #@busy
        for place in {{rows}}:  #@busy
            {{total}} = ({{total}} * 31 + place + step) % 999983  #@busy
    ledger.count('steps', {{steps}})
    return {{total}}


class Report(Service):
    name = '{{lab}}'

    def work(self, request):
        number = request.number('n', 0)
{% if not gone %}
        {{render}}(number, self.ledger)
{% endif %}
        return {'report': number}


if __name__ == '__main__':
    run(Report)
