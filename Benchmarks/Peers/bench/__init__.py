"""CPU per request of Tollgate and its peers, measured in one interleaved run. README.md has the method."""
