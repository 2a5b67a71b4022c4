"""What can go wrong between a task and latecomer."""


class LatecomerError(Exception):
    """latecomer refused or could not do what was asked.

    `kind` is the word of its errors (docs/formats/cli-json.md) or `unreachable` when nobody answered. `hint` says what
    to try next; it may be empty.
    """

    def __init__(self, kind: str, message: str, hint: str = ''):
        super().__init__(f'{message}. {hint}' if hint else message)
        self.kind = kind
        self.message = message
        self.hint = hint

    @property
    def may_pass(self) -> bool:
        """Whether the same call may go through later without anybody changing anything."""
        return self.kind in ('unreachable', 'io', 'unexpected', 'unknown_outcome', 'cancelled')


class ClaimLost(LatecomerError):
    """The claim is not ours any more: it was taken over, or a person ended it. Its work must be thrown away."""
