"""The network as a user has it: trained, evaluated, asked, looked into and saved."""
