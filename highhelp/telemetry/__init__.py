"""Log lines, hooks and OpenTelemetry spans of calls."""
