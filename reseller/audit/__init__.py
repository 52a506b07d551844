"""Find what is wrong between the two sides, and mend what needs no decision."""
