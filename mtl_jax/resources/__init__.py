"""What training needs and what the machine has: operations and memory."""
