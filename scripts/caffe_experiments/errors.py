"""What a user can mend."""


class Refusal(Exception):
    """Ends the command; its text says what was found and what was wanted."""
