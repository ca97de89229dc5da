"""What every test of the house shares."""

from hypothesis import settings

# A deadline for one example measures the machine, not the rule; each test has its own time limit (pyproject.toml).
settings.register_profile("house", deadline=None)
settings.load_profile("house")
