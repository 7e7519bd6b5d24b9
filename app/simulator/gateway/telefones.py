"""How WhatsApp itself writes a Brazilian number."""

import re
from typing import Final

_BR_MOBILE: Final = re.compile(r"55(\d\d)9(\d)(\d{7})")
_KEEPS_NINTH_BELOW_DDD: Final = 31
_KEEPS_NINTH_BELOW_DIGIT: Final = 7


def whatsapp_id(digits: str) -> str:
    """Return the id WhatsApp knows a Brazilian mobile by: many lack the ninth digit."""
    found = _BR_MOBILE.fullmatch(digits)
    if found is None or int(found[1]) < _KEEPS_NINTH_BELOW_DDD or int(found[2]) < _KEEPS_NINTH_BELOW_DIGIT:
        return digits
    return f"55{found[1]}{found[2]}{found[3]}"
