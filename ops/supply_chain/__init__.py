"""What comes from others, and what must not leave: packages, modules, images, secrets."""
