"""Benchmarks side by side with other libraries: `.venv/bin/python -m benchmarks`.

`families` is the table of what is compared with what, and what is wanted of it;
`running` has the subjects take turns, each in a process of its own, and `table` shows the outcome.
`core.py`, `paging.py` and `replay.py` are scripts of their own, which show more of one matter.
"""
