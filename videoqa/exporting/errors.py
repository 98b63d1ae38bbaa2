"""What is raised when an export cannot be made, or is not equal."""

from videoqa._checks import UserError


class NotExported(UserError, RuntimeError):
    """A model cannot be exported as asked, or its export does not answer as the model does."""
