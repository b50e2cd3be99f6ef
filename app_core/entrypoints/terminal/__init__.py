"""The terminal as a place to work: what a person is shown, asked and told while a run goes on."""
