"""Who may ask about tokens: programs with credentials of their own."""
