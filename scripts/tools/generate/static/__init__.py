"""Files that go into the generated package as they stand."""
