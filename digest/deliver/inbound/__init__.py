"""Mail and webhooks that come back: bounces (DSN), complaints (ARF), vendors' events, the bounce mailbox."""
