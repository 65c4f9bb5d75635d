"""A stand-in of the AI service that scans: rules that look for words, where no real service is set up.

It finds what it has a word for, and nothing else; nobody should take it for a judgement.
"""
