"""Libraries of other regions: registered with their keys, asked, answered; what they issued is reused here."""
