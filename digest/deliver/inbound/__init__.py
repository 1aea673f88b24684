"""Incoming reports on our mail: bounces (DSN), complaints (ARF), webhooks of mail services, the bounce mailbox."""
