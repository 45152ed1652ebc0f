"""What estimators demand of rows, weights and parameters, and what they say when they do not get it."""
