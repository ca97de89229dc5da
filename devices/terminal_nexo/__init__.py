"""A card terminal that speaks nexo Retailer: JSON messages with a length before each, over TCP."""
