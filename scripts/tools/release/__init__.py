"""Building the distribution and checking it as users get it."""
