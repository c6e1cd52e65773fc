"""AgentSecrets lets AI agents operate credentials without ever seeing one."""

__version__ = "0.1.0"
