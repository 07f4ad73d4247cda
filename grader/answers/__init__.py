"""Answers: one text for one question, and the files they come in."""

from grader.answers.model import Answer
from grader.answers.read import AnswerFile

__all__ = ["Answer", "AnswerFile"]
