"""Plug-ins: how they are opened, and what their classes must have."""
