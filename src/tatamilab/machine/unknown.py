"""What a reader raises for a fact that cannot be had here."""


class Unknown(Exception):
    """A fact cannot be had; the message is the reason, a sentence in the user's language."""
