"""The keys that sign: made, stored, switched by the clock, followed."""
