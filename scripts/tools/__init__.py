"""What the scripts run: `scripts/NAME` is the command, `tools/NAME` its code."""
