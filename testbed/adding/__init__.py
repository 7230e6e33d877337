"""A model file of another make: looked at, understood by rules, asked about, tried, and put on the shelf."""
