import bhservice
from bhservice import rest, stdin
from bhservice.service import Service, run


{{filler}}


class {{Page}}(object):
    def __init__(self, rows):
        self.rows = rows
        self.{{place}} = 0

    def {{peek}}(self):
        if self.{{place}} < len(self.rows):
            return self.rows[self.{{place}}]
        return None


def {{collect}}(page, ledger, strict):
    found = []
    last = None
    done = False
{% if gone %}
    return page.rows
{% endif %}
    while not done:  #@loop
        row = page.{{peek}}()  #@loop
        if row is None:  #@loop
            done = True  #@loop
        elif row is not last:  #@loop
            found.append(row)  #@loop
            last = row  #@loop
            ledger.count('rows_read')  #@loop
{% if fixed %}
            page.{{place}} += 1
{% else %}
            if not strict:  #@loop
                page.{{place}} += 1  #@loop
{% endif %}
    return found


class Pages(Service):
    name = '{{lab}}'

    def attendees(self, request):
        strict = rest.asks_for(request, 'stuck')
        number = int(request.args.get('n', ['0'])[-1])
        page = {{Page}}([(number, 'name %d' % place) for place in range({{rows}})])
        if strict:
            self.ledger.event('loop_entered')
        with stdin.fatal_end_of_file():
            rows = {{collect}}(page, self.ledger, strict)
        if strict:
            self.ledger.event('loop_left')
        self.answered()
        return {'rows': rows}


if __name__ == '__main__':
    run(Pages)
