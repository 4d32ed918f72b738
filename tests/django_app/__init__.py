"""A Django app of a shop, for the tests of `highhelp.django`."""
