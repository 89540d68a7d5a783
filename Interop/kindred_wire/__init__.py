"""Kindred's wire forms, written from docs/protocol alone.

A second implementation beside Sources/KinWire; both meet at Vectors/kindred.
"""
