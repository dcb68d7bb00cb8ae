"""The shipped models: data only; this file lets the import system find them (see pyproject.toml)."""
