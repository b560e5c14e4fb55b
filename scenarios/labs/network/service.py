from bhplain import Service, run


{{filler}}


class {{Person}}(object):
    def __init__(self, number):
        self.number = number
        self.{{friends}} = []

    def {{meet}}(self, other, ledger):
        self.{{friends}}.append(other)
        other.{{friends}}.append(self)
        ledger.count('met')


class Network(Service):
    name = '{{lab}}'

    def work(self, request):
        number = request.number('n', 0)
        host = {{Person}}(number)
{% if gone %}
        return {'guests': {{people}}}
{% endif %}
        for place in range({{people}}):
            host.{{meet}}({{Person}}(place), self.ledger)
        return {'guests': len(host.{{friends}})}


if __name__ == '__main__':
    run(Network)
