"""The mass send over SMTP: pipelined sessions, DATA or BDAT, connection pool, rate limits."""
