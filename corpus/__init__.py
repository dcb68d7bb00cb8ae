"""The shipped corpus: data only; this file lets the import system find it (see pyproject.toml)."""
