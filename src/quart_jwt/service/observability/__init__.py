"""What an operator sees of the service, and what nobody is to see."""
