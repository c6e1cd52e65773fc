"""Values that could pass for names, because their providers make them of letters, digits and underscores alone.

The catalogue of providers knows these shapes too, and cannot stand in for this list: it lies two floors higher, is read from a file when
a value is at hand, and names are checked by every command and at every call. A test holds the two together: no credential that the
catalogue knows is a name here.
"""

from __future__ import annotations

import re

VALUE_SHAPE = re.compile(
    r"""(?=.{20})(?:  # most names are shorter, and looked at no further
      (?:AKIA|ASIA)[A-Z0-9]{16} | AIza\w{35} | EAAA\w{60}
    | (?:hf|api_org)_[A-Za-z]{34}
    | (?:[sr]k_(?:live|test)|gh[opsur]|hf|npm|whsec|shpat|shpss|dop_v1|glpat|xox[abpr])_(?=[A-Za-z]*[0-9])[A-Za-z0-9]{20,}
    | github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}
    | (?:npm|pnu|apify_api|ddp|ddw)_[A-Za-z0-9]{36} | lin_api_[A-Za-z0-9]{40} | gsk_[A-Za-z0-9]{52} | rnd_[A-Za-z0-9]{28}
    | fw_[A-Za-z0-9]{22,24} | glc_[A-Za-z0-9]{32,} | ntn_[0-9]{11}[A-Za-z0-9]{35}
    | (?:e2b|sbp)_[0-9a-f]{40} | bkua_[a-z0-9]{40} | (?:sk|rubygems)_[0-9a-f]{48} | napi_[a-z0-9]{64} | (?:do[opr]_v1|sntryu)_[0-9a-f]{64}
    | re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24} | pk_[0-9]{7,8}_[0-9A-Z]{32} | pcsk_[A-Za-z0-9]{5,6}_[A-Za-z0-9]{63}
    | lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10} | CCIPAT_[A-Za-z0-9]{22}_[0-9a-fA-F]{40}
    | nfp_\w{36} | r8_\w{37} | figd_\w{40} | (?:phx|fo1|tgp_v1|duffel_(?:test|live))_\w{43} | tfp_\w{59}
    | jina_\w{48,64} | pscale_oauth_\w{32,64} | sntrys_eyJpYXQiO\w{53,}
    )""",
    re.ASCII | re.VERBOSE,
)
"""All of a text that could be a name and is a value, known by the public prefix that its provider gives it."""
