"""The dense format `.kmc` (format-spec section 16)."""
