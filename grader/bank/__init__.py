"""Questions, their references and key points, and the folders of YAML files that hold them."""

from grader.bank.model import Bank, KeyPoint, Misconception, Question, Section

__all__ = ["Bank", "KeyPoint", "Misconception", "Question", "Section"]
