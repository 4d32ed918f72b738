"""The app of the payout desk."""
