"""The second screen: a web page that any browser in the store can show to the customer."""
