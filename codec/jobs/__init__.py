"""One file, from disk to disk: a module for each verb of the command."""
