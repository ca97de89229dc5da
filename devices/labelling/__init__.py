"""What every label printer's language shares: templates, lettering, places in dots, and the printing of batches."""
