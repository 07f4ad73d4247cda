"""What the questions of a test can be chosen and ordered by."""

from enum import StrEnum


class Order(StrEnum):
    """In which order questions are asked."""

    BANK = "bank"
    RANDOM = "random"
    WEAK = "weak"


class Level(StrEnum):
    """The levels of questions."""

    BASIC = "basic"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"
    SCENARIO = "scenario"
