"""The version, which the build reads from here: asking for that of the installed package takes 20 ms."""

VERSION = "0.1.0"
