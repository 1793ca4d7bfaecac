"""What every other part of the service may import, and what imports none of them."""
