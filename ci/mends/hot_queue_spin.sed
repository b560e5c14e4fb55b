# It waits for what comes.
s/\.get_nowait()/.get(True, 1)/
