"""The file format of a bank section, as pydantic models: the only place that says what a file may hold."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from grader.bank.model import KeyPoint, Level, Misconception, Question, Section

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class KeyPointFile(_File):
    """One checkable statement that a good answer makes."""

    id: Slug = Field(description="unique within the question, kebab-case")
    text: Text = Field(description="one atomic statement that can be judged by itself")
    weight: float = Field(default=1, gt=0, le=10, description="1 a detail, 2 the matter, 3 indispensable")
    contrary: list[Text] = Field(default=[], description="plausible wrong forms of the same statement")


class MisconceptionFile(_File):
    """A wrong statement that costs marks when an answer makes it."""

    id: Slug
    text: Text
    weight: float = Field(default=1, gt=0, le=10)


class QuestionFile(_File):
    """One question with its reference answer and key points."""

    id: Slug = Field(description="unique in the bank")
    number: int = Field(ge=1, description="unique in the bank and rising")
    subsection: Text | None = None
    prompt: Text
    reference: Text = Field(description="the answer that a strong candidate would write, 60-140 words")
    level: Level
    tags: list[Slug] = []
    alternatives: list[Text] = Field(default=[], description="other reference answers that are as right")
    key_points: list[KeyPointFile] = Field(min_length=1)
    misconceptions: list[MisconceptionFile] = []
    note: Text | None = Field(default=None, description="what changed in the world, and since when")

    def to_question(self, section: str, source: str) -> Question:
        """Return the question as the rest of grader knows it."""
        return Question(
            id=self.id,
            number=self.number,
            section=section,
            subsection=self.subsection or "",
            prompt=self.prompt,
            reference=self.reference,
            level=self.level,
            tags=tuple(self.tags),
            alternatives=tuple(self.alternatives),
            key_points=tuple(
                KeyPoint(point.id, point.text, point.weight, tuple(point.contrary)) for point in self.key_points
            ),
            misconceptions=tuple(Misconception(m.id, m.text, m.weight) for m in self.misconceptions),
            note=self.note or "",
            source=source,
        )


class SectionFile(_File):
    """A file of a bank: one section and its questions."""

    section: Text
    questions: list[QuestionFile] = Field(min_length=1)

    def to_section(self, file: str, lines: list[int]) -> Section:
        """Return the section; `lines` are the lines on which its questions begin."""
        questions = tuple(
            question.to_question(self.section, f"{file}:{line}")
            for question, line in zip(self.questions, lines, strict=True)
        )
        return Section(self.section, questions, file)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a section file, for editors."""
    schema = SectionFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
