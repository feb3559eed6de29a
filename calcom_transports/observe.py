"""The former name of `calcom_transports.instrumentation`."""

from calcom_transports.instrumentation import log_cut as log_cut
