"""The rows of `scripts/bench` and their measurement. Each module of rows has one kind of cost."""
