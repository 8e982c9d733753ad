"""What training takes to the quality of single-task learning."""
