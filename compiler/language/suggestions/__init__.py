"""What people write by habit or by mistake, and what they meant by it."""
