"""Agents of a holder: named by him, taken back by him, found when they ask."""
