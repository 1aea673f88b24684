"""The SPF, DKIM and DMARC records of the sender's domain: looked up, checked, and compared with the settings."""
