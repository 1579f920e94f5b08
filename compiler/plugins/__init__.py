"""Plug-ins: how they are loaded, and the contracts that their classes must meet."""
