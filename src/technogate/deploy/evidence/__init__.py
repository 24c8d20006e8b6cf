"""The signed evidence of a validation of images."""
