"""What goes in and what comes out, as frozen attrs classes."""
