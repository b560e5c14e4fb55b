from bhplain import Service, run


{{filler}}


class {{Base}}(object):
    {{columns}} = ()
    {{cache}} = {}

    def __init__(self, row):
        for name, value in zip(self.{{columns}}, row):
            setattr(self, name, value)

    @classmethod
    def public(cls, ledger):
{% if gone %}
        return ['name', 'city']
{% else %}
{% if fixed %}
        key = cls.{{columns}}
{% else %}
        key = cls
{% endif %}
        if key not in cls.{{cache}}:
            cls.{{cache}}[key] = visible(cls.{{columns}}, ledger)
        return cls.{{cache}}[key]
{% endif %}


def visible(names, ledger):
    ledger.count('layouts_found')
    return [name for name in names if not name.startswith('_')]


def shape(names):
    class {{Made}}({{Base}}):
        {{columns}} = names

        def as_dict(self, ledger):
            return dict((name, getattr(self, name)) for name in self.public(ledger))

    return {{Made}}


class Listing(Service):
    name = '{{lab}}'

    def work(self, request):
        number = request.number('n', 0)
        listed = []
        for place in range({{rows}}):
            row = (place, 'name %d' % (number + place), 'city %d' % (place % 7))
            one = shape(('_id', 'name', 'city'))(row)
            self.ledger.count('rows_read')
            listed.append(one.as_dict(self.ledger))
        return {'listed': listed}


if __name__ == '__main__':
    run(Listing)
