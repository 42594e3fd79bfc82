"""A small shop whose versions behave as told, and its visitors: real requests for real pods."""
