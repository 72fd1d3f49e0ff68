"""The forms that pass between buildings: requests, answers, letters, and their seal.

Workers carry this package alone, so it needs pydantic and the standard library, nothing else.
"""
