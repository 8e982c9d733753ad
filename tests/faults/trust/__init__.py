"""What others give is data, never code, and a job keeps to its folders."""
