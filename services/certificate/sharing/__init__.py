"""Departments, platforms and banks: who is registered as caller, and the operations of GB/T 36906 they call."""
