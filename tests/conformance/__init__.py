"""The requirements of every transport, as scenarios on the loopback interface.

`scenarios` defines one; `requests`, `framing`, `malformed`, `faults` and `keepalive` list them;
`runner` runs them; `test_conformance` states each requirement, with the reason for it.
"""
