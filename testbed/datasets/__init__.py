"""Public data sets at hand, and a user's own folders, as the commands that train and measure read them.

Sets lie under TESTBED_DATA, a folder each, or under the root that was given; nothing of them is part of this project.
"""
