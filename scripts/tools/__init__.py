"""The code of the scripts: `scripts/NAME` is the command, `tools/NAME` its code."""
