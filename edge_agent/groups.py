"""What came out of a task group, for a person: one error instead of a tree of them."""


def first_of(group: BaseException) -> BaseException:
    """Return the first error in a group of groups, or the error itself."""
    while isinstance(group, BaseExceptionGroup):
        group = group.exceptions[0]
    return group
