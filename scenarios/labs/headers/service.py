from bhplain import Service, run
from tornado.httputil import HTTPHeaders


{{filler}}


def {{each}}(number, ledger):
    found = []
    for place in range({{fields}}):
        fields = HTTPHeaders()
{% if gone %}
        found.append(len(fields))
{% else %}
        fields['{{prefix}}-%d-%d' % (number, place)] = 'on'
        ledger.count('fields_read')
        found.append(len(fields) - 1)
{% endif %}
    return found


class {{Proxy}}(Service):
    name = '{{lab}}'

    def work(self, request):
        return {'more': {{each}}(request.number('n', 0), self.ledger)}


if __name__ == '__main__':
    run({{Proxy}})
