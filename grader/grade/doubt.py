"""Why an answer needs a person, and how much."""

from grader.grade.model import Grade, Ungraded

LEAST_DOUBT = 0.01
"""Where an interval only just holds the pass mark."""
REASONS = {
    "question_echo": "it repeats the question",
    "off_topic": "it seems to be about something else",
    "keyword_list": "it is a list of words rather than statements",
    "copied_reference": "it holds the reference answer word for word",
    "contradiction": "it seems to say something wrong: check that it does",
    "too_long": "it is unusually long",
    "too_short": "it is unusually short",
    "repetition": "it says the same thing over and over",
    "not_english": "it does not look like English",
    "injection": "it holds words that look like instructions to a grader",
    "near_identical": "it shares its wording with another candidate's answer",
    "disagreement": "the graders disagree about it",
    "split_vote": "the votes on a key point are split",
    "unsupported": "words quoted from it for a key point are not in it",
    "lost_sample": "some of the votes on it failed",
    "input_cut": "it was too long for the model to read whole",
}
"""What a flag says to a person; a flag that is not here speaks for itself."""


def reasons(result: Grade | Ungraded, pass_mark: float) -> list[str]:
    """Return why a result needs a person: empty when it does not."""
    if isinstance(result, Ungraded):
        return [f"no grade could be made: {result.reason}"]
    if not result.needs_review:
        return []
    told = [REASONS.get(flag, flag.replace("_", " ")) for flag in result.flags]
    if result.low < pass_mark <= result.high:
        told.append(f"its interval {result.low:.2f}-{result.high:.2f} holds the pass mark {pass_mark:.2f}")
    return told or ["the grader asks for it"]


def doubt(result: Grade | Ungraded, pass_mark: float) -> float:
    """Return how much a result needs a person, from 0 (not at all).

    An ungraded answer counts 10, each flag 1, and an interval that holds the pass mark up to 1, the more the nearer
    the score is to the mark.
    """
    if isinstance(result, Ungraded):
        return 10.0
    if not result.needs_review:
        return 0.0
    if not result.low < pass_mark <= result.high:
        return float(len(result.flags))
    reach = result.score - result.low if result.score >= pass_mark else result.high - result.score
    return len(result.flags) + LEAST_DOUBT + (1 - LEAST_DOUBT) * (1 - abs(result.score - pass_mark) / reach)
