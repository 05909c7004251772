"""What builds the image's root file system, inside the build stage. Not part of the application."""
