"""Raw articles to passages: markup, furniture, sections, lists."""
