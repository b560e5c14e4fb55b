# A peer that is gone is let go.
s/^\( *\)if data: s\.sendall(data)$/&\n\1else: self.socks.remove(s); s.close()/
