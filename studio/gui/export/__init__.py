"""The export sheet: what is on offer, the forms for each kind, and the job while it runs."""
