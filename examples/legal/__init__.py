"""Contract review: a contract against a playbook, with a redlined copy and a report."""
