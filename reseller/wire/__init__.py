"""What both panels speak: documents, errors, texts, money and dates."""
