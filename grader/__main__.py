"""`python -m grader`."""

from grader.cli.start import main

if __name__ == "__main__":
    main()
