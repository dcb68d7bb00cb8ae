"""News to labels: parties, features, linear models, labelled files."""
