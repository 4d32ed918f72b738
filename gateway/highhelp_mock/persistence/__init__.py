"""The simulation's state in an SQLite file."""
