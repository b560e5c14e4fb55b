from bhplain import Service, run


{{filler}}


class {{Hub}}(object):
    def __init__(self):
        self.{{subscribers}} = []

    def subscribe(self, listener, ledger):
        ledger.count('subscribed')
        self.{{subscribers}}.append(listener)

    def leave(self, listener):
        self.{{subscribers}}.remove(listener)

    def publish(self, text):
        for listener in self.{{subscribers}}:
            listener(text)


hub = {{Hub}}()


class {{Reader}}(object):
    def __init__(self, name, ledger):
        self.name = name
        self.seen = []
        self.ledger = ledger

    def {{told}}(self, text):
        if not self.seen:
            self.ledger.count('delivered')
            self.seen.append(self.name + ' ' + text)


class Newsroom(Service):
    name = '{{lab}}'

    def work(self, request):
        number = request.number('n', 0)
        readers = [{{Reader}}('reader %d' % place, self.ledger) for place in range({{readers}})]
{% if gone %}
        for reader in readers:
            reader.{{told}}('news %d' % number)
{% else %}
        for reader in readers:
            hub.subscribe(reader.{{told}}, self.ledger)
        hub.publish('news %d' % number)
{% endif %}
{% if fixed %}
        for reader in readers:
            hub.leave(reader.{{told}})
{% endif %}
        return {'seen': [reader.seen for reader in readers]}


if __name__ == '__main__':
    run(Newsroom)
