# A dictionary for each call, in place of one for all of them.
s/^\(def remember(event, seen=\){}):$/\1None):\n    seen = {} if seen is None else seen/
