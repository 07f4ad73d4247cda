"""The command line: parses, calls one use case, prints, and maps the result to an exit status."""
