"""Evidence that travels: what a validation of images proved, signed, for whoever deploys them."""
