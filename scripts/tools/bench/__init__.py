"""The rows of `scripts/bench` and how they are measured. Each module of rows holds one kind of cost."""
