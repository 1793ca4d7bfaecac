"""Forward-auth: questions of a gateway, answered before Quart is entered."""
