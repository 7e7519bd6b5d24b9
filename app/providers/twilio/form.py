"""A form as Twilio sends it, no larger than Twilio ever makes one: anybody may send us any size."""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qs

_LONGEST: Final = 256 * 1024  # a long text in escaped bytes; 200 fields of it are read in no time
_MOST_FIELDS: Final = 200


def read_form(body: bytes) -> Mapping[str, Sequence[str]] | None:
    """Return the values of each field, None where it is more than Twilio would send."""
    if len(body) > _LONGEST:
        return None
    try:
        return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return None
