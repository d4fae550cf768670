"""PNG as a container: for pictures and for the project's own formats alike."""
