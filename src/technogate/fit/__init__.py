"""The fit check: before anything is judged, is what the target file describes there, and does it answer?"""
