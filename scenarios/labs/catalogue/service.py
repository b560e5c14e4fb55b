import collections

from bhplain import Service, run

{{limit}} = {{bound}}


{{filler}}


class {{Holder}}(object):
    {{cache}} = collections.OrderedDict()

    def price(self, number, ledger):
{% if not gone %}
        if number in self.{{cache}}:
            return self.{{cache}}[number]['price']
        ledger.count('computed')
        found = {'number': number, 'price': number * 37 % 1000, 'text': 'article %d ' % number * 20}
        if len(self.{{cache}}) >= {{limit}}:
            self.{{cache}}.popitem(last=False)
        self.{{cache}}[number] = found
        return found['price']
{% else %}
        ledger.count('computed')
        return number * 37 % 1000
{% endif %}


class Catalogue(Service):
    name = '{{lab}}'

    def work(self, request):
        first = request.number('n', 0) * {{each // 2}}
        shop = {{Holder}}()
        wanted = range(first, first + {{each}})
        total = sum(shop.price(number, self.ledger) for number in wanted)
        prices = [shop.price(number, self.ledger) for number in wanted]
        self.ledger.count('priced', len(prices))
        return {'prices': prices, 'total': total}


if __name__ == '__main__':
    run(Catalogue)
