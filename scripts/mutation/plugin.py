"""For every run of the tests against a mutant: Hypothesis tries the same examples each time and minds no clock.

What a test finds by luck, or fails by load, would make the score depend on the day.
"""

from hypothesis import settings

settings.register_profile("mutation", derandomize=True, deadline=None, database=None)
settings.load_profile("mutation")
