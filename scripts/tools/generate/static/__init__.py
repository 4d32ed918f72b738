"""Files that are copied into the generated package."""
