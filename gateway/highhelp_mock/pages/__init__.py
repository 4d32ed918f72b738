"""The HTML pages: hosted payment page and dashboard."""
