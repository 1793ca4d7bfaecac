"""
The functions that an app registers, and how they are called from sync and async code.
"""
