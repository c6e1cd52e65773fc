"""Key names as environment variables of a command."""

from __future__ import annotations

from collections.abc import Iterable

from agentsecrets.errors import UnsafeVariable

_PREFIXES = ("LD_", "DYLD_", "PYTHON", "BASH_FUNC_", "GCONV_", "MALLOC_", "NPM_CONFIG_", "GIT_CONFIG", "RUST_", "CARGO_")
"""Families of variables that loaders, interpreters and package tools obey."""

_NAMES = frozenset(
    {
        "PATH", "HOME", "SHELL", "IFS", "ENV", "BASH_ENV", "PROMPT_COMMAND", "PS4", "CDPATH", "ZDOTDIR", "FPATH",
        "GLIBC_TUNABLES", "LOCPATH", "NLSPATH", "HOSTALIASES", "RES_OPTIONS", "TMPDIR",
        "NODE_OPTIONS", "NODE_PATH", "PERL5LIB", "PERL5OPT", "PERL5DB", "PERLLIB", "RUBYOPT", "RUBYLIB", "GEM_HOME", "GEM_PATH",
        "BUNDLE_GEMFILE", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH", "JAVA_HOME", "MAVEN_OPTS", "GRADLE_OPTS",
        "DOTNET_STARTUP_HOOKS", "CORECLR_ENABLE_PROFILING", "CORECLR_PROFILER_PATH", "GOFLAGS", "PHPRC", "PHP_INI_SCAN_DIR", "LUA_PATH",
        "LUA_CPATH", "LUA_INIT", "R_PROFILE", "R_PROFILE_USER", "R_ENVIRON", "JULIA_LOAD_PATH", "ERL_FLAGS", "ERL_LIBS", "OPENSSL_CONF",
        "OPENSSL_MODULES", "OPENSSL_ENGINES", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
        "CURL_HOME", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_EXEC_PATH", "GIT_ASKPASS",
        "GIT_EDITOR", "GIT_PAGER", "GIT_EXTERNAL_DIFF", "GIT_PROXY_COMMAND", "GIT_TEMPLATE_DIR", "GIT_DIR", "SSH_ASKPASS", "SUDO_ASKPASS",
        "EDITOR", "VISUAL", "PAGER", "BROWSER", "LESSOPEN", "LESSCLOSE", "MANPAGER", "MAKEFLAGS", "MFLAGS", "XDG_CONFIG_HOME",
        "XDG_CONFIG_DIRS", "XDG_DATA_HOME", "XDG_DATA_DIRS",
    }
)  # fmt: skip
"""Variables through which whoever sets them has other code run, other files read, or another party trusted."""


def is_unsafe(key: str) -> bool:
    """Whether a variable of this name, in whatever case, would change what programs do instead of telling them a secret."""
    name = key.upper()
    return name in _NAMES or name.startswith(_PREFIXES)


def check_variables(keys: Iterable[str]) -> None:
    """Refuses names that must not become variables: storing a value needs no person, so an agent could have chosen them.

    Raises:
        UnsafeVariable: Names the first.
    """
    for key in keys:
        if is_unsafe(key):
            raise UnsafeVariable(key=key)
