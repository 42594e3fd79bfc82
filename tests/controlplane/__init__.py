"""A real control plane on loopback ports, with pretended kubelets, for tests, the demo and for playing."""
