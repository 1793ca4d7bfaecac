"""Logs, metrics, traces and health, without secrets."""
