"""Key names that must not become environment variables."""

from __future__ import annotations

import pytest

from agentsecrets.errors import UnsafeVariable
from agentsecrets.model.variable import check_variables, is_unsafe


@pytest.mark.parametrize(
    "key",
    ["PATH", "LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "PYTHONPATH", "PYTHONSTARTUP", "NODE_OPTIONS", "BASH_ENV", "path", "Home"],
)
def test_a_name_that_programs_obey_is_refused(key: str) -> None:
    with pytest.raises(UnsafeVariable) as refused:
        check_variables(["STRIPE_KEY", key])
    assert refused.value.slug == "unsafe_variable"
    assert key in refused.value.message


@pytest.mark.parametrize(
    "key",
    [
        "STRIPE_KEY", "DATABASE_URL", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "GIT_TOKEN", "NPM_TOKEN", "OPENAI_API_KEY", "API_PATH",
        "PGPASSWORD", "NODE_AUTH_TOKEN",
    ],
)  # fmt: skip
def test_a_name_that_only_tells_a_secret_is_allowed(key: str) -> None:
    assert not is_unsafe(key)
    check_variables([key])
