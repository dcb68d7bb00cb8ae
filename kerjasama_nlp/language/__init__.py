"""Indonesian text to terms: cleaning, sentences, spelling, stems, tokens."""
