"""Nodes that really run pods: machines of their own on one Linux kernel, beside the control plane of tests."""
