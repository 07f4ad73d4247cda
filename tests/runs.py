"""A small run, made by the real parts without a model."""

from grader.answers import Answer
from grader.bank import KeyPoint, Question
from grader.engines import begin_or_resume, grade_into, open_record
from grader.grade.model import Ungraded

PLAN = "Plan the failover before the outage"
TEST = "Test the restore of backups every month"
NOTE = "Write down who decides and who speaks to customers during the whole incident, and practise it"
OUTAGE = Question(
    "q-1",
    "What do you do before an outage?",
    f"{PLAN}. {TEST}. {NOTE}.",
    (KeyPoint("plan", PLAN, 2), KeyPoint("test", TEST), KeyPoint("note", NOTE)),
    section="Operations",
    source="bank.yaml:3",
)
COST = Question(
    "q-2", "How do you save <money>?", "Turn off idle machines.", section="Cost", alternatives=("Buy less",)
)
ANSWERS = {
    ("ann", OUTAGE): f"\U0001f600 {PLAN}! And: {TEST.lower()}. {NOTE}",
    ("ann", COST): "</script><b>Turn off</b> idle machines & \u00fc",
    ("=bob", OUTAGE): f"{NOTE}. {PLAN}",
    ("=bob", COST): "no",
    ("carl", OUTAGE): "",
    ("carl", COST): "=1+1",
}
MANIFEST = {
    "inputs": {"answers": {"path": "answers.csv", "sha256": "a" * 64}, "model": {"sha256": "b" * 64}},
    "settings": {"pass_mark": 0.6},
    "versions": {"grader": "0"},
}


def answers(given=ANSWERS):
    return [
        Answer(question, text, candidate, position + 2, position)
        for position, ((candidate, question), text) in enumerate(given.items())
    ]


class Failing:
    """Grades as another grader does, but not the answers of one candidate to one question."""

    def __init__(self, grader, candidate, question):
        self.grader, self.candidate, self.question = grader, candidate, question
        self.fingerprint = grader.fingerprint

    def grade(self, answers):
        for answer, result in self.grader.grade(answers):
            if (answer.candidate, answer.question) == (self.candidate, self.question):
                yield answer, Ungraded(answer.candidate, answer.question.id, answer.question.section, "no reply")
            else:
                yield answer, result


def make_run(folder, grader, given=ANSWERS):
    """Grade the answers into a folder; the second one of carl stays ungraded."""
    with open_record(folder, print) as record:
        run = begin_or_resume(record, MANIFEST, fresh=False)
        list(grade_into(record, run, answers(given), Failing(grader, "carl", COST)))
