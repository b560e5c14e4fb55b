"""The list of attendees as the answer to one request."""
import json

from twisted.internet import defer

from bhservice import rows
from models import model_for


@defer.inlineCallbacks
def answer(cursor, request):
    """Answer a request with all rows: a list of rows, a list of dicts, one long string."""
    attendees = []
    row = yield cursor.fetchone()
    while row is not None:
        attendees.append(model_for(rows.COLUMNS)(row))
        row = yield cursor.fetchone()
    listed = [attendee.as_dict() for attendee in attendees]
    request.write(json.dumps({'attendees': listed}))
