"""Keep pytest, which looks for doctests everywhere, from importing atheris."""

collect_ignore = ["fuzz_kmc.py", "fuzz_images.py", "fuzz_readers.py", "harness.py"]
