"""What runs inside the jail: standalone, standard library alone, never imported by the host that starts it."""
