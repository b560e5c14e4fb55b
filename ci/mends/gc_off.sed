# The collector stays on.
/^gc\.disable()$/d
