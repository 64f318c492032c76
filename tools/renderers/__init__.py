"""Real renderers in environments of their own, for the fixtures of the tests and for `make test-renderers`."""
