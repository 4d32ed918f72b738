"""Build the distribution and check it as users get it."""
