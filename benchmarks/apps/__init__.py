"""The contenders: one small application per module, imported by servers only."""
