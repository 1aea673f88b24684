"""Message bytes: templates with slots, headers, quoted-printable bodies and DKIM signatures."""
