from bhplain import Service, run


{{filler}}


class {{Offer}}(object):
    def __init__(self, customer, percent):
        self.customer = customer
        self.percent = percent


def {{remember}}(function):
    {{store}} = {}

    def inner(customer, ledger):
        if customer not in {{store}}:
{% if fixed %}
            if len({{store}}) >= 100:
                {{store}}.popitem()
{% endif %}
            {{store}}[customer] = function(customer, ledger)
        return {{store}}[customer]

    return inner


@{{remember}}
def {{price}}(customer, ledger):
    ledger.count('computed')
    return {{Offer}}(customer, len(customer) * 7 % 31)


class Discounts(Service):
    name = '{{lab}}'

    def work(self, request):
        number = request.number('n', 0)
        percents = []
        for place in range({{offers}}):
            customer = 'customer %d of %d' % (place, number)
            self.ledger.count('offered')
{% if gone %}
            percents.append(len(customer) * 7 % 31)
{% else %}
            percents.append({{price}}(customer, self.ledger).percent)
{% endif %}
        return {'percents': percents}


if __name__ == '__main__':
    run(Discounts)
