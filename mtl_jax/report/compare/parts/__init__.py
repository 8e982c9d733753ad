"""Parts of the page of a comparison."""
