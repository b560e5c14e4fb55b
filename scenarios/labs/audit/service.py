from bhplain import Service, run


{{filler}}


class {{One}}(object):
    def __init__(self, number, {{link}}):
        self.number = number
        self.{{link}} = {{link}}
        {{link}}.{{back}} = self
{% if not fixed %}

    def __del__(self):
        self.{{link}} = None
{% endif %}


class {{Two}}(object):
    def __init__(self, name):
        self.name = name
        self.{{back}} = None
{% if not fixed %}

    def __del__(self):
        self.{{back}} = None
{% endif %}


class Audit(Service):
    name = '{{lab}}'

    def work(self, request):
        number = request.number('n', 0)
        total = 0
{% if not gone %}
        for place in range({{pairs}}):
            one = {{One}}(number + place, {{Two}}('name %d' % place))
            total += len(one.{{link}}.name) + one.{{link}}.{{back}}.number
            self.ledger.count('audited')
{% else %}
        for place in range({{pairs}}):
            total += len('name %d' % place) + number + place
{% endif %}
        return {'audited': number, 'total': total}


if __name__ == '__main__':
    run(Audit)
