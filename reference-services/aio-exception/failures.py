"""What went wrong, for whoever asks later."""

recent = []


def note(error):
    """Remember an error. With it come its traceback, the frames of that, and all that their variables hold."""
    recent.append(error)
