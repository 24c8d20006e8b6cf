"""Write a target file by looking: start or reach the two sides, watch what they do, and say what was seen."""
