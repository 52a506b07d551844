"""The formats that both panels use: documents, errors, texts, money and dates."""
