"""Files and folders to rows: encodings, compression, tables, Parquet."""
