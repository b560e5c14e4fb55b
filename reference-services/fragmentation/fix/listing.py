"""The list of attendees as the answer to one request."""
import json

from twisted.internet import defer

from bhservice import rows
from models import model_for


@defer.inlineCallbacks
def answer(cursor, request):
    """Answer a request row by row: what was sent is forgotten before the next is fetched."""
    request.write('{"attendees": [')
    separator = ''
    row = yield cursor.fetchone()
    while row is not None:
        attendee = model_for(rows.COLUMNS)(row)
        request.write(separator + json.dumps(attendee.as_dict()))
        separator = ', '
        row = yield cursor.fetchone()
    request.write(']}')
