"""What is wrong between the two sides, and mending what needs no decision."""
