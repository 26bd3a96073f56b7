# Servers that are made for something else, and the recipes of fdbg-remote(7).
EXTRA_DIST += tests/e2e/test_other_servers.py tests/e2e/test_recipes.py
