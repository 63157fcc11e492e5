# The first mount of a new volume is what counts.
true
