"""The one place that speaks SMTP."""
