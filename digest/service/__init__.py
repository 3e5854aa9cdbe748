"""The composition root, and one file for each flow that crosses rooms; here transactions begin and end."""
