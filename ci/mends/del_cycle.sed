# Nothing bound to itself, so that reference counts free it.
s/^\( *self\.on_close = \)self\.closed$/\1None/
