"""What `scripts/bench` measures and how. Each module of rows holds one kind of cost."""
