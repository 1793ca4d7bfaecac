"""The extensions, made before there is an app: views and factory import them from here."""

from quart_jwt import JWTManager

jwt = JWTManager()
