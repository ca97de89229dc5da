"""Where a line of Chinese may end: no line begins with a closing mark, none ends with an opening one."""

_NEVER_FIRST = frozenset("，。、；：！？）》」』】〕〉”’…％·～")
_NEVER_LAST = frozenset("（《「『【〔〈“‘￥")
_LOOK_BACK = 3


def seemly(text: str, at: int) -> int:
    """Return where to break ``text`` instead of at ``at``: up to three characters earlier, so that no mark stands alone.

    >>> seemly("沃茂超市（南京西路旗舰店）", 12)
    11
    >>> seemly("共（计）件", 2)
    1
    """
    for earlier in range(at, max(at - _LOOK_BACK, 1) - 1, -1):
        if text[earlier] not in _NEVER_FIRST and text[earlier - 1] not in _NEVER_LAST:
            return earlier
    return at
