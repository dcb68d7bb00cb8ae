"""What the command line shows and reads: help, progress, text and JSON."""
