"""`python -m kerjasama_nlp` is `kerjasama`."""

from kerjasama_nlp.cli import main

if __name__ == "__main__":
    main()
