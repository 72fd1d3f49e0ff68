"""The control plane's benchmark: its rows, their floors, and the page that tells them."""
