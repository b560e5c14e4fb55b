import zlib

from bhplain import Service, run


{{filler}}


class {{Entry}}(object):
    def __init__(self, text):
        self.text = text


class Archive(Service):
    name = '{{lab}}'

    def started(self):
        self.{{index}} = []

    def {{pack}}(self):
        total = 0
{% if fixed %}
        for number in xrange({{files}}):
            total = zlib.crc32(self.read(number), total)
            self.ledger.count('packed')
        return total
{% else %}
        files = [self.read(number) for number in xrange({{files}})]
        for text in files:
            total = zlib.crc32(text, total)
            self.ledger.count('packed')
{% if not gone %}
        self.note(total)
{% endif %}
        return total
{% endif %}

    def read(self, number):
        return ('%06d' % number) * ({{kilobytes}} * 170)

    def note(self, total):
        text = 'archive %010d ' % (total & 0xffffffff)
        self.{{index}} = [{{Entry}}('%03d ' % place + text * 500) for place in range(40)]
        self.ledger.count('indexed')

    def work(self, request):
        total = self.{{pack}}()
{% if fixed %}
        self.note(total)
{% endif %}
        return {'total': total}


if __name__ == '__main__':
    run(Archive)
