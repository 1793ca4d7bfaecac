"""
The settings of where a request may carry a token, and what has to come with a cookie.
"""

from collections.abc import Collection
from collections.abc import Container
from collections.abc import Iterable
from copy import copy
from functools import cached_property
from typing import cast

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.extension.settings.options import Options
from quart_jwt.tokens.locations import LOCATIONS
from quart_jwt.tokens.origin import ANY
from quart_jwt.tokens.origin import is_origin


class LocationSettings(Options):
    """Where tokens are looked for, in one state of the configuration."""

    @property
    def token_location(self) -> Collection[str]:
        """``JWT_TOKEN_LOCATION`` as it was set; one location alone as a tuple."""
        locations, given = self.locations, self.values["JWT_TOKEN_LOCATION"]
        return locations if isinstance(given, str) else copy(given)

    @cached_property
    def locations(self) -> tuple[str, ...]:
        """Where tokens are looked for, in order of precedence."""
        given = self.values["JWT_TOKEN_LOCATION"]
        locations = (given,) if isinstance(given, str) else given
        if not isinstance(locations, Iterable):
            raise ConfigurationError("JWT_TOKEN_LOCATION must be a sequence or a set")
        chosen = tuple(locations)
        names = '"headers", "cookies", "query_string", or "json"'
        if not chosen:
            raise ConfigurationError(
                f"JWT_TOKEN_LOCATION must contain at least one of {names}"
            )
        if not set(chosen) <= set(LOCATIONS):
            raise ConfigurationError(f"JWT_TOKEN_LOCATION can only contain {names}")
        return chosen

    @property
    def jwt_in_headers(self) -> bool:
        """Whether the authorization header is a location."""
        return "headers" in self.locations

    @property
    def jwt_in_cookies(self) -> bool:
        """Whether cookies are a location."""
        return "cookies" in self.locations

    @property
    def jwt_in_query_string(self) -> bool:
        """Whether the query string is a location."""
        return "query_string" in self.locations

    @property
    def jwt_in_json(self) -> bool:
        """Whether a JSON body is a location."""
        return "json" in self.locations

    @cached_property
    def header_name(self) -> str:
        """The name of the header that carries the token."""
        name: str = self.values["JWT_HEADER_NAME"]
        if not name:
            raise ConfigurationError("JWT_ACCESS_HEADER_NAME cannot be empty")
        return name

    @cached_property
    def websocket_origins(self) -> Container[str]:
        """
        The origins whose pages may open a websocket with a cookie.

        Raises:
            ConfigurationError: One of them is no origin, and would never match.
        """
        given = self.values["JWT_WEBSOCKET_ORIGINS"]
        origins = (given,) if isinstance(given, str) else given
        if isinstance(origins, Collection):
            for origin in origins:
                if origin != ANY and not is_origin(origin):
                    raise ConfigurationError(
                        f"JWT_WEBSOCKET_ORIGINS: {origin!r} is not an origin, which is "
                        "scheme://host or scheme://host:port in lower case"
                    )
        return cast("Container[str]", origins)

    @property
    def csrf_request_methods(self) -> Collection[str]:
        """``JWT_CSRF_METHODS`` as it was set."""
        given: Collection[str] = self.values["JWT_CSRF_METHODS"]
        return copy(given)

    @cached_property
    def csrf_methods(self) -> frozenset[str]:
        """The request methods for which a cookie needs its CSRF value."""
        given = self.values["JWT_CSRF_METHODS"]
        # A string is one method: its letters would protect nothing.
        return frozenset((given,) if isinstance(given, str) else given)

    def csrf_names(self, *, refresh: bool) -> tuple[str, str]:
        """The header and the form field that hold the CSRF value."""
        if refresh:
            return self.refresh_csrf_header_name, self.refresh_csrf_field_name
        return self.access_csrf_header_name, self.access_csrf_field_name
