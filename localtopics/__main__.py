"""``python -m localtopics`` is the ``localtopics`` command."""

from localtopics.cli import main

main()
