"""What the package stands on: its dependencies, their licences, and the Pythons and versions that it is tried with."""
