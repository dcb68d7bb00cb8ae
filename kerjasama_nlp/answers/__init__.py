"""Questions to answers: index, concepts, evidence, ranking, refusal."""
