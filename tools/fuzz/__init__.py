"""Fuzzing: every reader of what others have written is given damaged and hostile input."""
