"""Supervision: its own timeline of every case, due dates, lights, ratings, statistics."""
