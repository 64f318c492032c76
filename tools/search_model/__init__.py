"""Trainings from nothing that differ in one thing each, and what they come to."""
