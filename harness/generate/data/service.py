"""Service `{{service}}`: {{title}}."""
import bhservice  # first: Twisted can't be imported without it
{% if layout == 'coroutine' %}
from twisted.internet import defer
{% endif %}

{{imports}}
from bhservice import rest{% if stuck %}, stdin{% endif %}

{% if layout == 'coroutine' %}
from bhservice.clock import turn
{% endif %}
from bhservice.service import Service, run

{{filler_service}}
class {{Service}}(Service):
    """Answers for {{noun}}s."""

    name = '{{service}}'
{% if starts %}

    def started(self):
        {{holder}}.{{start}}(self.ledger)
{% endif %}

{% if layout == 'coroutine' %}
    @defer.inlineCallbacks
    def attendees(self, request):
        number = int(request.args.get('n', ['0'])[-1])
        yield turn()
{% for one in beside %}
        {{one.module}}.{{one.touch}}(number)
{% endfor %}
{% if handles %}
        {{holder}}.{{handle}}(number)
{% endif %}
        self.answered()
        defer.returnValue({'{{noun}}': number})
{% else %}
    def attendees(self, request):
        number = int(request.args.get('n', ['0'])[-1])
{% if stuck %}
        if rest.asks_for(request, 'stuck'):
            return self.stuck(request)
{% endif %}
{% if handles and first %}
        {{holder}}.{{handle}}(number)
{% endif %}
{% for one in beside %}
        {{one.module}}.{{one.touch}}(number)
{% endfor %}
{% if handles and not first %}
        {{holder}}.{{handle}}(number)
{% endif %}
        self.answered()
        return {'{{noun}}': number}
{% endif %}
{% if stuck %}

    def stuck(self, request):
        """The work that is asked for once."""
{% if thread %}
        {{holder}}.{{start}}(self.ledger)
        return {'{{noun}}': 'begun'}
{% else %}
        self.ledger.event('loop_entered')
        with stdin.fatal_end_of_file():
            {{holder}}.{{start}}()
        self.ledger.event('loop_left')
        self.answered()
        return {'{{noun}}': 'done'}
{% endif %}
{% endif %}
{% if facts %}

    def facts(self):
        return {{holder}}.{{count}}()
{% endif %}

    def site(self):
        site = Service.site(self)
        site.resource.putChild('{{path}}', rest.Endpoint('GET', self.attendees))
        return site


if __name__ == '__main__':
    run({{Service}})
