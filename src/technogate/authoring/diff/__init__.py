"""Two versions of one contract compared. Pure: each change, who breaks by it, and by which rule."""
