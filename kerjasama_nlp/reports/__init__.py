"""Reports: one page of HTML that stands alone, about a model or about a labelled archive."""
