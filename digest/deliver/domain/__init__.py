"""The sender domain's SPF, DKIM and DMARC records, looked up and judged."""
