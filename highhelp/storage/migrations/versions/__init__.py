"""Migrations of the tables, run by `highhelp db upgrade`."""
