"""What the laboratory is measured with: its server, a real browser, and a class of students without screens."""
