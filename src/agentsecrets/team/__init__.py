"""What the ledger of a workspace lets people decide: allowlist, projects."""
